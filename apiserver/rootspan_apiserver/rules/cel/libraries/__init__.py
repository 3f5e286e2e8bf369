"""The functions of expressions, one module for each library: their overloads with types and estimates of cost.

What an overload does is in `implementations`, by its id.
"""

"""CEL, the expression language of CustomResourceDefinitions, admission policies and match conditions.

The way of an expression, one module each:

1. `parsing.py` makes an `ast.ParsedExpression` of the text. Google's grammar (`cel-expr-python`) reads the text, `macros.py` expands
   the macros.
2. `checking.py` checks the types against a `CELEnvironment` (`environment.py`: variables, functions, object types) and makes an
   `ast.CheckedExpression`, in which each node has its type and each call its overloads.
3. `estimated_cost.py` bounds the cost of an evaluation before it runs.
4. `programs.py` turns a checked expression into Python closures (`CELProgram`), which count the actual cost and stop at a limit.

Errors have the words of cel-go: `CELSyntaxError` of parsing and checking (`errors.py`) lists issues with their line and column;
`CELEvaluationError` is the error of an evaluation, `CostLimitExceededError` its subclass.

`libraries/` has one file for each library of functions; a file declares the overloads of its functions, their implementation and
both of their costs, so that a function is found in one place.
"""

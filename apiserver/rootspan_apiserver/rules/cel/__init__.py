"""CEL, the expression language of CustomResourceDefinitions, admission policies and match conditions.

The way of an expression, one module each:

1. `parsing.py` makes an `ast.ParsedExpression` of the text, with the macros of `macros.py` expanded. Of a text that does not parse
   Google's grammar (`cel-expr-python`) says what is wrong.
2. `checking.py` checks the types against a `CELEnvironment` (`environment.py`: variables, functions, object types) and makes an
   `ast.CheckedExpression`, in which each node has its type and each call its overloads.
3. `estimated_cost.py` bounds the cost of an evaluation before it runs.
4. `programs.py` turns a checked expression into Python closures (`CELProgram`), which count the actual cost and stop at a limit.

Errors have the words of cel-go: `CELSyntaxError` of parsing and checking (`errors.py`) lists issues with their line and column;
`CELEvaluationError` is the error of an evaluation, `CostLimitExceededError` its subclass.

`libraries/` declares the overloads of all functions with their types and estimates of cost, `implementations/` has what they do and
`actual_cost.py` what that costs, both by the id of the overload.
"""

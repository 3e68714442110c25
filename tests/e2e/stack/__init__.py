"""What a user sees of the stack that `make up` installed: used from the host, broken from inside, and looked at after.

`deployed` is the stack and what a person with kubectl may do to it, `load` its users, `stored` what its databases hold
in the end; `conftest` hands it to the tests. Installing, breaking an install and taking it off: `e2e/test_stack.py`.
"""

"""What a user sees of the stack that `make up` installed: used from the host, broken from inside, and looked at after.

`deployed` is the stack and what a person with kubectl may do to it, `nodes` where its pods are, `load` its users,
`kept` what its databases hold in the end; `conftest` hands it to the tests. Installing another one, upgrading it and
losing a node under it: `e2e/test_stack.py`; installs that fail: `e2e/test_stack_broken.py`.
"""

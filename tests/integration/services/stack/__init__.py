"""The six services as processes of their own against real backends, wired as `make services` wires them.

`member` is one process that can be killed and started again, `stack` all of them; `fixtures` hands them to tests.
Each environment is derived from `crds/examples/task-management.yaml` by the operator's own rendering.
"""

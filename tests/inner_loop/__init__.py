"""`make services`: the six services and their backends on this machine, without a cluster. A developer's inner loop.

What the operator would do with `crds/examples/task-management.yaml` is done here with processes and containers:
`plan` derives each process's environment from it by the operator's own rendering, `topology` the broker's definitions,
`backends` runs the containers, `processes` the services.
"""

"""What every process needs and no service owns: settings, logs, traces, the ops port, a graceful stop.

Everything here is called by a service and calls nothing of it back but the functions it was handed; each
module stands alone. How services speak with each other is the business of `usecase_http` and `usecase_messaging`.
"""

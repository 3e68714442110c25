"""What every process needs and no service owns: settings, logs, the ops port, messaging, a graceful stop.

Everything here is called by a service and calls nothing of it back but the functions it was handed; each
module stands alone. How services speak HTTP with each other is `usecase_http`'s business.
"""

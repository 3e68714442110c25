"""Every word that a condition may say: types and reasons, each once.

`docs/reference/conditions.md` explains them to people; a test holds the page and this file equal.
"""

from typing import Final

# Types. Positive polarity: True is fine, Unknown is being worked on, False waits for somebody.
READY: Final = "Ready"
ACCEPTED: Final = "Accepted"
CREDENTIALS_READY: Final = "CredentialsReady"
MESSAGING_READY: Final = "MessagingReady"
COMPONENTS_READY: Final = "ComponentsReady"
SCALING_ACTIVE: Final = "ScalingActive"
NETWORK_ISOLATED: Final = "NetworkIsolated"
DEAD_LETTERS_EMPTY: Final = "DeadLettersEmpty"
# Present only while they hold.
SUSPENDED: Final = "Suspended"
RECONCILING: Final = "Reconciling"
STALLED: Final = "Stalled"

# Ready
ALL_READY: Final = "AllReady"
# Accepted
VALID: Final = "Valid"
INVALID_SPEC: Final = "InvalidSpec"
DEPENDENCY_CYCLE: Final = "DependencyCycle"
SECRET_NOT_FOUND: Final = "SecretNotFound"
SECRET_KEY_MISSING: Final = "SecretKeyMissing"
SECRET_KEY_INVALID: Final = "SecretKeyInvalid"
SECRETS_FORBIDDEN: Final = "SecretsForbidden"
NAME_CONFLICT: Final = "NameConflict"
CERTIFICATE_NOT_TRUSTED: Final = "CertificateNotTrusted"
POD_TEMPLATE_CONFLICT: Final = "PodTemplateConflict"
APPLY_REFUSED: Final = "ApplyRefused"
API_UNAVAILABLE: Final = "ApiUnavailable"
# CredentialsReady
CREDENTIALS_IN_PLACE: Final = "CredentialsInPlace"
# MessagingReady
TOPOLOGY_DECLARED: Final = "TopologyDeclared"
BROKER_UNREACHABLE: Final = "BrokerUnreachable"
AUTHENTICATION_FAILED: Final = "AuthenticationFailed"
MANAGEMENT_PLUGIN_MISSING: Final = "ManagementPluginMissing"
PRECONDITION_FAILED: Final = "PreconditionFailed"
IMMUTABLE_QUEUE_CHANGED: Final = "ImmutableQueueChanged"
IMMUTABLE_EXCHANGE_CHANGED: Final = "ImmutableExchangeChanged"
QUEUE_RETAINED: Final = "QueueRetained"
# ComponentsReady, and the state of a component
COMPONENTS_UP: Final = "ComponentsUp"
COMPONENTS_NOT_READY: Final = "ComponentsNotReady"
WAITING_FOR_DEPENDENCY: Final = "WaitingForDependency"
NOT_CREATED: Final = "NotCreated"
ROLLING_OUT: Final = "RollingOut"
FEWER_THAN_WANTED: Final = "FewerThanWanted"
MINIMUM_AVAILABLE: Final = "MinimumAvailable"
PROGRESS_DEADLINE_EXCEEDED: Final = "ProgressDeadlineExceeded"
CRASH_LOOP_BACK_OFF: Final = "CrashLoopBackOff"
IMAGE_PULL_BACK_OFF: Final = "ImagePullBackOff"
NOT_READY: Final = "NotReady"
UNSCHEDULABLE: Final = "Unschedulable"
QUOTA_EXCEEDED: Final = "QuotaExceeded"
POD_FORBIDDEN: Final = "PodForbidden"
# ScalingActive
MANUAL_SCALE_OBSERVED: Final = "ManualScaleObserved"
AUTOSCALERS_ACTIVE: Final = "AutoscalersActive"
ENGINE_MISSING: Final = "EngineMissing"
METRICS_UNAVAILABLE: Final = "MetricsUnavailable"
SCALED_TO_ZERO: Final = "ScaledToZero"
AUTOSCALER_CONFLICT: Final = "AutoscalerConflict"
# NetworkIsolated
NOT_VERIFIED: Final = "NotVerified"
DISABLED: Final = "Disabled"
# DeadLettersEmpty
NO_DEAD_LETTERS: Final = "NoDeadLetters"
DEAD_LETTERS_PRESENT: Final = "DeadLettersPresent"
# Suspended
SUSPENDED_BY_SPEC: Final = "SuspendedBySpec"
SUSPENDED_BY_ANNOTATION: Final = "SuspendedByAnnotation"
# Told by an Event only: gates that opened, what was put back, and what a deletion left behind.
DEPENDENCY_READY: Final = "DependencyReady"
FIELD_CONFLICT: Final = "FieldConflict"
CHILD_RESTORED: Final = "ChildRestored"
TOPOLOGY_REPAIRED: Final = "TopologyRepaired"
MESSAGING_CLEANUP_SKIPPED: Final = "MessagingCleanupSkipped"
# Reconciling
PROGRESSING: Final = "Progressing"
DELETING: Final = "Deleting"

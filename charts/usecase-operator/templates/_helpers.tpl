{{- define "operator.name" -}}
{{- $name := .Values.fullnameOverride | default .Release.Name -}}
{{- if gt (len $name) 50 -}}
{{- fail (printf "the name %q has %d characters and may have 50: choose a shorter release name, or set fullnameOverride" $name (len $name)) -}}
{{- end -}}
{{ $name }}
{{- end -}}

{{- define "operator.serviceAccount" -}}
{{ .Values.serviceAccount.name | default (include "operator.name" .) }}
{{- end -}}

{{- /* What selectors go by: it never changes. */ -}}
{{- define "operator.selector" -}}
app.kubernetes.io/name: usecase-operator
app.kubernetes.io/instance: {{ .Release.Name }}
app.kubernetes.io/component: operator
{{- end -}}

{{- define "operator.labels" -}}
app.kubernetes.io/name: usecase-operator
app.kubernetes.io/instance: {{ .Release.Name }}
app.kubernetes.io/part-of: usecase-operator
{{- with .Values.commonLabels }}
{{ toYaml . }}
{{- end }}
{{- end -}}

{{- /* Labels and annotations of an object, and after them its own annotations; (dict "root" $ "annotations" (dict …)). */ -}}
{{- define "operator.metadata" -}}
labels:
  {{- include "operator.labels" .root | nindent 2 }}
  app.kubernetes.io/managed-by: {{ .root.Release.Service }}
  app.kubernetes.io/version: {{ .root.Chart.AppVersion | quote }}
  helm.sh/chart: {{ .root.Chart.Name }}-{{ .root.Chart.Version }}
  {{- with .labels }}
  {{- toYaml . | nindent 2 }}
  {{- end }}
{{- with merge (dict) (.annotations | default dict) .root.Values.commonAnnotations }}
annotations:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end -}}

{{- define "operator.image" -}}
{{- with .Values.global.imageRegistry }}{{ trimSuffix "/" . }}/{{ end -}}
{{- .Values.image.repository }}{{ if .Values.image.digest }}@{{ .Values.image.digest }}{{ else }}:{{ .Values.image.tag | default .Chart.AppVersion }}{{ end }}
{{- end -}}

{{- /* Start of a pod's spec, the operator's and the hooks'. */ -}}
{{- define "operator.podSpec" -}}
serviceAccountName: {{ include "operator.serviceAccount" . }}
enableServiceLinks: false
securityContext:
  runAsNonRoot: true
  {{- if .Values.fixedUsers }}
  runAsUser: 10001
  runAsGroup: 10001
  {{- end }}
  seccompProfile: {type: RuntimeDefault}
{{- with .Values.imagePullSecrets }}
imagePullSecrets:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .Values.nodeSelector }}
nodeSelector:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .Values.tolerations }}
tolerations:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .Values.affinity }}
affinity:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .Values.priorityClassName }}
priorityClassName: {{ . }}
{{- end }}
{{- end -}}

{{- define "operator.container" -}}
image: {{ include "operator.image" . | quote }}
imagePullPolicy: {{ .Values.image.pullPolicy }}
securityContext:
  allowPrivilegeEscalation: false
  readOnlyRootFilesystem: true
  capabilities: {drop: [ALL]}
{{- end -}}

{{- /* What the operator may do where it serves UseCases; Secrets are a role of their own. */ -}}
{{- define "operator.rules" -}}
{{- $write := list "get" "list" "watch" "create" "patch" "delete" -}}
- {apiGroups: [usecase.dev], resources: [usecases], verbs: [get, list, watch, patch]}
- {apiGroups: [usecase.dev], resources: [usecases/status], verbs: [patch]}
- {apiGroups: [usecase.dev], resources: [usecases/finalizers], verbs: [update]}
- {apiGroups: [apps], resources: [deployments], verbs: [{{ join ", " $write }}]}
- {apiGroups: [""], resources: [services, serviceaccounts], verbs: [{{ join ", " $write }}]}
- {apiGroups: [networking.k8s.io], resources: [networkpolicies, ingresses], verbs: [{{ join ", " $write }}]}
- {apiGroups: [policy], resources: [poddisruptionbudgets], verbs: [{{ join ", " $write }}]}
- {apiGroups: [autoscaling], resources: [horizontalpodautoscalers], verbs: [{{ join ", " $write }}]}
- {apiGroups: [keda.sh], resources: [scaledobjects, triggerauthentications], verbs: [{{ join ", " $write }}]}
- {apiGroups: [""], resources: [pods], verbs: [list, watch]}
- {apiGroups: [events.k8s.io], resources: [events], verbs: [create, get, patch]}
{{- end -}}

{{- define "operator.secretRules" -}}
- {apiGroups: [""], resources: [secrets], verbs: [get, list, watch, create, patch, delete]}
{{- end -}}

{{- define "operator.subject" -}}
- {kind: ServiceAccount, name: {{ include "operator.serviceAccount" . }}, namespace: {{ .Release.Namespace }}}
{{- end -}}

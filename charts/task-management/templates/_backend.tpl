{{- /*
What the four backends, and the other pods of the chart, have in common. Every template here takes the same argument, made by the first line of a file:
(dict "root" $ "name" "redis" "values" .Values.redis)
*/ -}}

{{- define "backend.fullname" -}}
{{- /* StatefulSet pods carry their set's name and a hash in one label of 63 characters; the UseCase's name has at most 40. */ -}}
{{- if gt (len .root.Release.Name) 40 -}}
{{- fail (printf "the release name %q has %d characters and may have 40: choose a shorter one" .root.Release.Name (len .root.Release.Name)) -}}
{{- end -}}
{{ .root.Release.Name }}-{{ .name }}
{{- end -}}

{{- /* The host name by which other namespaces reach it too. */ -}}
{{- define "backend.host" -}}
{{ include "backend.fullname" . }}.{{ .root.Release.Namespace }}.svc
{{- end -}}

{{- /* What selectors and volumes go by: it never changes, since neither may. */ -}}
{{- define "backend.selector" -}}
app.kubernetes.io/instance: {{ .root.Release.Name }}
app.kubernetes.io/component: {{ .name }}
{{- end -}}

{{- define "backend.podLabels" -}}
app.kubernetes.io/name: {{ .name }}
{{ include "backend.selector" . }}
app.kubernetes.io/part-of: {{ .root.Chart.Name }}
{{- with .root.Values.commonLabels }}
{{ toYaml . }}
{{- end }}
{{- end -}}

{{- define "backend.metadata" -}}
name: {{ .objectName | default (include "backend.fullname" .) }}
namespace: {{ .root.Release.Namespace }}
labels:
  {{- include "backend.podLabels" . | nindent 2 }}
  app.kubernetes.io/managed-by: {{ .root.Release.Service }}
  helm.sh/chart: {{ .root.Chart.Name }}-{{ .root.Chart.Version }}
{{- with merge (dict) (.annotations | default dict) .root.Values.commonAnnotations }}
annotations:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end -}}

{{- define "backend.image" -}}
{{- with .root.Values.global.imageRegistry }}{{ trimSuffix "/" . }}/{{ end -}}
{{- .values.image.repository }}{{ if .values.image.digest }}@{{ .values.image.digest }}{{ else }}:{{ .values.image.tag | default .root.Chart.AppVersion }}{{ end }}
{{- end -}}

{{- define "backend.secretName" -}}
{{ .values.existingSecret | default (include "backend.fullname" .) }}
{{- end -}}

{{- /*
The Secret is made once and kept as long as the volume that it opens, so that neither an upgrade nor an uninstall
followed by an install locks anybody out.
*/ -}}
{{- define "backend.secretMetadata" -}}
{{ include "backend.metadata" (merge (dict "annotations" (include "backend.kept" .root | fromYaml)) .) }}
{{- end -}}

{{- define "backend.kept" -}}
{{- if .Values.uninstall.keepData }}helm.sh/resource-policy: keep{{ end -}}
{{- end -}}

{{- /* A pod's annotations: its own, and those of all; (dict "root" $ "annotations" (dict …)). */ -}}
{{- define "backend.podAnnotations" -}}
{{- with merge (dict) (.annotations | default dict) .root.Values.commonAnnotations }}
annotations:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end -}}

{{- define "backend.serviceAccount" -}}
{{- .root.Values.serviceAccount.name | default (ternary (printf "%s-backends" .root.Release.Name) "" .root.Values.serviceAccount.create) -}}
{{- end -}}

{{- /* Value of *key* in the Secret as it is in the cluster, else a new password that needs no escaping anywhere. */ -}}
{{- define "backend.password" -}}
{{- $secret := lookup "v1" "Secret" .root.Release.Namespace (include "backend.fullname" .) | default dict -}}
{{- $known := index ($secret.data | default dict) .key -}}
{{- if $known }}{{ b64dec $known }}{{ else }}{{ randAlphaNum 32 }}{{ end -}}
{{- end -}}

{{- define "backend.fromSecret" -}}
valueFrom: {secretKeyRef: {name: {{ include "backend.secretName" . }}, key: {{ .key }}}}
{{- end -}}

{{- /* Files of the backend's folder, as a ConfigMap's data; RabbitMQ's list of plugins with those of the values. */ -}}
{{- define "backend.files" -}}
{{- $files := (.root.Files.Glob (printf "files/%s/*" .name)).AsConfig -}}
{{- with .values.extraPlugins }}{{ $files = replace "[rabbitmq_management" (printf "[rabbitmq_management,%s" (join "," .)) $files }}{{ end -}}
{{- $files -}}
{{- end -}}

{{- /* Start of a pod's spec. User 999 is the server's user in the official images as in the home-made ones. */ -}}
{{- define "backend.podSpec" -}}
{{- with include "backend.serviceAccount" . }}
serviceAccountName: {{ . }}
{{- end }}
automountServiceAccountToken: {{ .root.Values.serviceAccount.automount }}
enableServiceLinks: false
securityContext:
  runAsNonRoot: true
  {{- if .root.Values.fixedUsers }}
  runAsUser: 999
  runAsGroup: 999
  fsGroup: 999
  {{- end }}
  fsGroupChangePolicy: OnRootMismatch
  seccompProfile: {type: RuntimeDefault}
{{- with .root.Values.imagePullSecrets }}
imagePullSecrets:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- include "backend.placement" . }}
{{- with .values.topologySpreadConstraints }}
topologySpreadConstraints:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end -}}

{{- /* Where a pod runs: as its part says, else as all do. */ -}}
{{- define "backend.placement" -}}
{{- with .values.nodeSelector | default .root.Values.nodeSelector }}
nodeSelector:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .values.tolerations | default .root.Values.tolerations }}
tolerations:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .values.affinity | default .root.Values.affinity }}
affinity:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .values.priorityClassName | default .root.Values.priorityClassName }}
priorityClassName: {{ . }}
{{- end }}
{{- end -}}

{{- /* What a pod may do that runs an image of this project; its user is 10001. */ -}}
{{- define "backend.ownPodSecurity" -}}
securityContext:
  runAsNonRoot: true
  {{- if .Values.fixedUsers }}
  runAsUser: 10001
  runAsGroup: 10001
  {{- end }}
  seccompProfile: {type: RuntimeDefault}
{{- end -}}

{{- /* Start of a container: what it may do, and what it may take. */ -}}
{{- define "backend.container" -}}
image: {{ include "backend.image" . | quote }}
securityContext:
  allowPrivilegeEscalation: false
  readOnlyRootFilesystem: true
  capabilities: {drop: [ALL]}
resources:
  {{- toYaml .values.resources | nindent 2 }}
{{- end -}}

{{- /* The volume outlives the release, as its Secret does, unless the values say otherwise. */ -}}
{{- define "backend.volumeRetention" -}}
{whenDeleted: {{ ternary "Retain" "Delete" .root.Values.uninstall.keepData }}, whenScaled: Retain}
{{- end -}}

{{- define "backend.volumeClaimTemplates" -}}
- apiVersion: v1
  kind: PersistentVolumeClaim
  metadata:
    name: data
    labels:
      {{- include "backend.selector" . | nindent 6 }}
  spec:
    accessModes: [ReadWriteOnce]
    {{- with .values.storage.className }}
    storageClassName: {{ . }}
    {{- end }}
    resources: {requests: {storage: {{ .values.storage.size }}}}
{{- end -}}

{{- /* The Service that a StatefulSet gives its pods names by: one without an address. Nobody connects through it. */ -}}
{{- define "backend.podsService" -}}
apiVersion: v1
kind: Service
metadata:
  {{- include "backend.metadata" (merge (dict "objectName" (include "backend.podsName" .)) .) | nindent 2 }}
spec:
  clusterIP: None
  selector:
    {{- include "backend.selector" . | nindent 4 }}
{{- end -}}

{{- define "backend.podsName" -}}
{{ include "backend.fullname" . }}-pods
{{- end -}}

{{- /* The *components* that use this backend as a store, and those that the values add to the use case. */ -}}
{{- define "backend.storePeer" -}}
{{- $components := .components }}
{{- range $extra := .root.Values.useCase.extraComponents }}
{{- range $extra.uses }}
{{- if eq (.store | default "") $.name }}{{- $components = append $components $extra.name }}{{- end }}
{{- end }}
{{- end }}
{{- include "backend.componentPeer" (dict "root" .root "components" ($components | uniq)) }}
{{- end -}}

{{- /* The peer that stands for pods of the UseCase's *components*. */ -}}
{{- define "backend.componentPeer" -}}
- podSelector:
    matchLabels: {app.kubernetes.io/instance: {{ .root.Release.Name }}}
    matchExpressions:
      - {key: app.kubernetes.io/component, operator: In, values: [{{ join ", " .components }}]}
{{- end -}}

{{- /* The parts of the UseCase that repeat. Arguments: (dict "root" $ "values" .Values.api), and what else is named. */ -}}

{{- define "usecase.secretsName" -}}
{{ .Values.secrets.existingSecret | default (printf "%s-secrets" .Release.Name) }}
{{- end -}}

{{- define "usecase.withDemo" -}}
{{- if and .Values.useCase.enabled .Values.bot.enabled .Values.demo.botApi.enabled (not .Values.bot.existingSecret) }}true{{ end -}}
{{- end -}}

{{- /* An entry of secretEnv from the chart's own Secret; (dict "root" $ "env" "SECRET_KEY" "key" "secret-key"). */ -}}
{{- define "usecase.secretEnv" -}}
- {name: {{ .env }}, secretRef: {name: {{ include "usecase.secretsName" .root }}, key: {{ .key }}}}
{{- end -}}

{{- /* Where a backend answers: the chart's own pods, or what `external` says. */ -}}
{{- define "usecase.reach" -}}
{{- if .values.enabled -}}
reach: {podLabels: {app.kubernetes.io/instance: {{ .root.Release.Name }}, app.kubernetes.io/name: {{ .name }}}}
{{- else -}}
{{- if not .values.existingSecret -}}
{{- fail (printf "%s.enabled is false, so %s.existingSecret has to name the Secret that opens the other one" .name .name) -}}
{{- end -}}
{{- if not .values.external.reach -}}
{{- fail (printf "%s.enabled is false, so %s.external.reach has to say where the other one answers: {namespace, podLabels} or {cidrs}" .name .name) -}}
{{- end -}}
reach: {{ toJson .values.external.reach }}
{{- end }}
{{- end -}}

{{- define "usecase.scaling" -}}
{{- $scaling := .values.scaling -}}
{{- if eq $scaling.mode "Manual" -}}
scaling: {mode: Manual, replicas: {{ $scaling.replicas }}}
{{- else if eq $scaling.mode "CPU" -}}
scaling:
  mode: CPU
  min: {{ max 1 (int $scaling.min) }}
  max: {{ $scaling.max }}
  targetUtilization: {{ $scaling.targetUtilization }}
  scaleDownStabilizationSeconds: {{ int $scaling.scaleDownStabilizationSeconds }}
{{- else -}}
scaling:
  mode: Queue
  min: {{ $scaling.min }}
  max: {{ $scaling.max }}
  scaleDownStabilizationSeconds: {{ int $scaling.scaleDownStabilizationSeconds }}
  queue: {name: {{ .queue }}, messagesPerReplica: {{ int $scaling.messagesPerReplica }}}
{{- end -}}
{{- end -}}

{{- define "usecase.common" -}}
image: {{ include "backend.image" . | quote }}
{{- with .root.Values.useCase.imagePullPolicy }}
imagePullPolicy: {{ . }}
{{- end }}
resources: {{ toJson .values.resources }}
{{- with .values.egress }}
egress: {{ toJson . }}
{{- end }}
{{- $common := dict }}
{{- with .root.Values.commonLabels }}{{ $_ := set $common "labels" . }}{{ end }}
{{- with .root.Values.commonAnnotations }}{{ $_ := set $common "annotations" . }}{{ end }}
{{- $template := dict }}
{{- if $common }}{{ $template = dict "metadata" (deepCopy $common) }}{{ end }}
{{- with include "usecase.placement" .root | fromJson }}{{ $_ := set $template "spec" . }}{{ end }}
{{- with mergeOverwrite $template (deepCopy .values.podTemplate) }}
podTemplate: {{ toJson . }}
{{- end }}
{{- end -}}

{{- /*
Where pods of components run, as a part of their pod template. Tolerations there take the place of the operator's: its
pair, by which a pod leaves a lost node after 30 s, stands in them again.
*/ -}}
{{- define "usecase.placement" -}}
{{- $placement := include "backend.placement" (dict "root" . "values" dict) | fromYaml -}}
{{- with $placement.tolerations -}}
{{- $all := . -}}
{{- range list "not-ready" "unreachable" -}}
{{- $all = append $all (dict "key" (printf "node.kubernetes.io/%s" .) "operator" "Exists" "effect" "NoExecute" "tolerationSeconds" 30) -}}
{{- end -}}
{{- $_ := set $placement "tolerations" $all -}}
{{- end -}}
{{ toJson $placement }}
{{- end -}}

{{- /* Each variable once: the user's own goes before the chart's. (dict "values" … "env" (list …)). */ -}}
{{- define "usecase.env" -}}
{{- $own := dict -}}
{{- range .values.env }}{{ $_ := set $own .name true }}{{ end -}}
{{- $all := .values.env -}}
{{- range .env }}{{ if not (hasKey $own .name) }}{{ $all = append $all . }}{{ end }}{{ end -}}
{{- with $all }}
env:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end -}}

{{- /* Metadata of what is no backend's; (dict "root" $ "name" … "annotations" (dict …)). */ -}}
{{- define "usecase.metadata" -}}
name: {{ .name }}
namespace: {{ .root.Release.Namespace }}
labels:
  app.kubernetes.io/instance: {{ .root.Release.Name }}
  app.kubernetes.io/part-of: {{ .root.Chart.Name }}
  app.kubernetes.io/managed-by: {{ .root.Release.Service }}
  helm.sh/chart: {{ .root.Chart.Name }}-{{ .root.Chart.Version }}
  {{- with .root.Values.commonLabels }}
  {{- toYaml . | nindent 2 }}
  {{- end }}
  {{- with .labels }}
  {{- toYaml . | nindent 2 }}
  {{- end }}
{{- with merge (dict) (.annotations | default dict) .root.Values.commonAnnotations }}
annotations:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end -}}

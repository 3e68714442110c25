{{- /*
What runs around a release: one file of files/hooks in the operator's image, and the ConfigMap that holds it;
(dict "root" $ "hook" "pre-delete" "name" "uninstall" "script" "refuse_while_used.py" "env" (dict …)).
A hook is a Job, but a test is a Pod: `helm test --logs` knows no other.
*/ -}}
{{- define "operator.hook" -}}
{{- $root := .root -}}
{{- $name := printf "%s-%s" (include "operator.name" $root) .name -}}
{{- $gone := dict "helm.sh/hook" .hook "helm.sh/hook-delete-policy" "before-hook-creation,hook-succeeded" -}}
{{- $labels := dict "app.kubernetes.io/component" .name -}}
apiVersion: v1
kind: ConfigMap
metadata:
  name: {{ $name }}
  namespace: {{ $root.Release.Namespace }}
  {{- include "operator.metadata" (dict "root" $root "annotations" (merge (dict "helm.sh/hook-weight" "-1") $gone)) | nindent 2 }}
data:
  {{- range $file := list "api_server.py" .script }}
  {{ $file }}: |
    {{- $root.Files.Get (printf "files/hooks/%s" $file) | nindent 4 }}
  {{- end }}
---
{{- if eq .hook "test" }}
apiVersion: v1
kind: Pod
metadata:
  name: {{ $name }}
  namespace: {{ $root.Release.Namespace }}
  {{- include "operator.metadata" (dict "root" $root "labels" $labels "annotations" $gone) | nindent 2 }}
spec:
  activeDeadlineSeconds: 120
  {{- include "operator.hookPod" . | nindent 2 }}
{{- else }}
apiVersion: batch/v1
kind: Job
metadata:
  name: {{ $name }}
  namespace: {{ $root.Release.Namespace }}
  {{- include "operator.metadata" (dict "root" $root "annotations" (merge (dict "helm.sh/hook-output-log-policy" "hook-failed") $gone)) | nindent 2 }}
spec:
  backoffLimit: 0
  activeDeadlineSeconds: 120
  template:
    metadata:
      labels:
        {{- include "operator.labels" $root | nindent 8 }}
        app.kubernetes.io/component: {{ .name }}
      {{- with $root.Values.commonAnnotations }}
      annotations:
        {{- toYaml . | nindent 8 }}
      {{- end }}
    spec:
      {{- include "operator.hookPod" . | nindent 6 }}
{{- end }}
{{- end -}}

{{- define "operator.hookPod" -}}
{{- $root := .root -}}
{{- include "operator.podSpec" $root }}
restartPolicy: Never
containers:
  - name: main
    {{- include "operator.container" $root | nindent 4 }}
    command: [python, /hooks/{{ .script }}]
    env:
      {{- range $variable, $value := .env }}
      - {name: {{ $variable }}, value: {{ $value | quote }}}
      {{- end }}
    resources:
      {{- toYaml $root.Values.hooks.resources | nindent 6 }}
    volumeMounts:
      - {name: hooks, mountPath: /hooks, readOnly: true}
volumes:
  - name: hooks
    configMap: {name: {{ include "operator.name" $root }}-{{ .name }}}
{{- end -}}

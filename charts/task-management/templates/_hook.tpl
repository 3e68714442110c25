{{- /*
What runs around a release: one file of files/hooks in the hooks' image, and the ConfigMap that holds it;
(dict "root" $ "hook" "pre-delete" "name" "uninstall" "scripts" (list …) "env" (dict …) "account" "" "seconds" 180).
The first script is run; the others are what it imports. A hook is a Job, but a test is a Pod: `helm test --logs` knows
no other.
*/ -}}
{{- define "stack.hook" -}}
{{- $root := .root -}}
{{- $name := printf "%s-%s" $root.Release.Name .name -}}
{{- $gone := dict "helm.sh/hook" .hook "helm.sh/hook-delete-policy" "before-hook-creation,hook-succeeded" -}}
{{- $labels := dict "app.kubernetes.io/component" .name -}}
apiVersion: v1
kind: ConfigMap
metadata:
  {{- include "usecase.metadata" (dict "root" $root "name" $name "annotations" (merge (dict "helm.sh/hook-weight" "-1") $gone)) | nindent 2 }}
data:
  {{- range $file := .scripts }}
  {{ $file }}: |
    {{- $root.Files.Get (printf "files/hooks/%s" $file) | nindent 4 }}
  {{- end }}
---
{{- if eq .hook "test" }}
apiVersion: v1
kind: Pod
metadata:
  {{- include "usecase.metadata" (dict "root" $root "name" $name "labels" $labels "annotations" $gone) | nindent 2 }}
spec:
  activeDeadlineSeconds: {{ .seconds }}
  {{- include "stack.hookPod" . | nindent 2 }}
{{- else }}
apiVersion: batch/v1
kind: Job
metadata:
  {{- include "usecase.metadata" (dict "root" $root "name" $name "annotations" (merge (dict "helm.sh/hook-output-log-policy" "hook-failed") $gone)) | nindent 2 }}
spec:
  backoffLimit: 0
  activeDeadlineSeconds: {{ .seconds }}
  template:
    metadata:
      labels:
        app.kubernetes.io/instance: {{ $root.Release.Name }}
        {{- merge $labels $root.Values.commonLabels | toYaml | nindent 8 }}
      {{- include "backend.podAnnotations" (dict "root" $root) | nindent 6 }}
    spec:
      {{- include "stack.hookPod" . | nindent 6 }}
{{- end }}
{{- end -}}

{{- define "stack.hookPod" -}}
{{- $root := .root -}}
restartPolicy: Never
{{- with .account }}
serviceAccountName: {{ . }}
{{- else }}
automountServiceAccountToken: false
{{- end }}
enableServiceLinks: false
{{ include "backend.ownPodSecurity" $root }}
{{- with $root.Values.imagePullSecrets }}
imagePullSecrets:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- include "backend.placement" (dict "root" $root "values" $root.Values.hooks) }}
containers:
  - name: main
    image: {{ include "backend.image" (dict "root" $root "values" (ternary $root.Values.hooks $root.Values.api (ne $root.Values.hooks.image.repository ""))) | quote }}
    {{- with $root.Values.useCase.imagePullPolicy }}
    imagePullPolicy: {{ . }}
    {{- end }}
    command: [python, /hooks/{{ first .scripts }}]
    env:
      {{- range $variable, $value := .env }}
      - {name: {{ $variable }}, value: {{ $value | quote }}}
      {{- end }}
    securityContext:
      allowPrivilegeEscalation: false
      readOnlyRootFilesystem: true
      capabilities: {drop: [ALL]}
    resources:
      {{- toYaml $root.Values.hooks.resources | nindent 6 }}
    volumeMounts:
      - {name: hooks, mountPath: /hooks, readOnly: true}
volumes:
  - name: hooks
    configMap: {name: {{ printf "%s-%s" $root.Release.Name .name }}}
{{- end -}}

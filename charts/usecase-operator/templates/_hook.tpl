{{- /*
A Job that runs one file of files/hooks in the operator's image, and the ConfigMap that holds it;
(dict "root" $ "hook" "pre-delete" "name" "refuse" "script" "refuse_while_used.py" "env" (dict …)).
*/ -}}
{{- define "operator.hook" -}}
{{- $root := .root -}}
{{- $name := printf "%s-%s" (include "operator.name" $root) .name -}}
{{- $policy := "before-hook-creation,hook-succeeded" -}}
apiVersion: v1
kind: ConfigMap
metadata:
  name: {{ $name }}
  namespace: {{ $root.Release.Namespace }}
  {{- include "operator.metadata" (dict "root" $root "annotations" (dict "helm.sh/hook" .hook "helm.sh/hook-weight" "-1" "helm.sh/hook-delete-policy" $policy)) | nindent 2 }}
data:
  {{- range $file := list "api_server.py" .script }}
  {{ $file }}: |
    {{- $root.Files.Get (printf "files/hooks/%s" $file) | nindent 4 }}
  {{- end }}
---
apiVersion: batch/v1
kind: Job
metadata:
  name: {{ $name }}
  namespace: {{ $root.Release.Namespace }}
  {{- include "operator.metadata" (dict "root" $root "annotations" (dict "helm.sh/hook" .hook "helm.sh/hook-delete-policy" $policy "helm.sh/hook-output-log-policy" "hook-failed")) | nindent 2 }}
spec:
  backoffLimit: 0
  activeDeadlineSeconds: 120
  template:
    metadata:
      labels:
        {{- include "operator.labels" $root | nindent 8 }}
        app.kubernetes.io/component: {{ .name }}
    spec:
      {{- include "operator.podSpec" $root | nindent 6 }}
      restartPolicy: Never
      containers:
        - name: main
          {{- include "operator.container" $root | nindent 10 }}
          command: [python, /hooks/{{ .script }}]
          env:
            {{- range $variable, $value := .env }}
            - {name: {{ $variable }}, value: {{ $value | quote }}}
            {{- end }}
          resources:
            requests: {cpu: 10m, memory: 32Mi}
            limits: {memory: 128Mi}
          volumeMounts:
            - {name: hooks, mountPath: /hooks, readOnly: true}
      volumes:
        - name: hooks
          configMap: {name: {{ $name }}}
{{- end -}}

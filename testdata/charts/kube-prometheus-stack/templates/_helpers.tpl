{{/* SPDX-License-Identifier: Apache-2.0 */}}
{{- define "stack.name" -}}
{{ .Values.fullnameOverride | default (printf "%s-%s" .Release.Name .Chart.Name) | trunc 26 | trimSuffix "-" }}
{{- end }}

{{/* What the Prometheus or Alertmanager itself is called; takes the root and the server's name. */}}
{{- define "stack.server" -}}
{{- $root := index . 0 -}}
{{ include "stack.name" $root }}{{ if not $root.Values.cleanPrometheusOperatorObjectNames }}-{{ index . 1 }}{{ end }}
{{- end }}

{{- define "stack.namespace" -}}
{{ .Values.namespaceOverride | default .Release.Namespace }}
{{- end }}

{{- define "stack.labels" -}}
app.kubernetes.io/managed-by: {{ .Release.Service }}
app.kubernetes.io/instance: {{ .Release.Name }}
app.kubernetes.io/version: {{ .Chart.Version | quote }}
app.kubernetes.io/part-of: {{ .Chart.Name }}
chart: {{ .Chart.Name }}-{{ .Chart.Version }}
release: {{ .Release.Name | quote }}
heritage: {{ .Release.Service | quote }}
{{- with .Values.commonLabels }}
{{ toYaml . }}
{{- end }}
{{- end }}

{{/* metadata of an object: takes the root, the object's name and the label app. */}}
{{- define "stack.metadata" -}}
{{- $root := index . 0 -}}
name: {{ index . 1 }}
namespace: {{ include "stack.namespace" $root }}
labels:
  app: {{ $root.Chart.Name }}-{{ index . 2 }}
  {{- include "stack.labels" $root | nindent 2 }}
{{- end }}

{{- define "stack.account" -}}
{{- $root := index . 0 -}}
{{- $account := (index $root.Values (index . 1)).serviceAccount -}}
{{- if $account.create -}}
{{ $account.name | default (printf "%s-%s" (include "stack.name" $root) (index . 1)) }}
{{- else -}}
{{ $account.name | default "default" }}
{{- end -}}
{{- end }}

{{/* The fields that the specs of both servers have in common: takes the root, the server's name and its spec. */}}
{{- define "stack.spec" -}}
{{- $root := index . 0 -}}
{{- $server := index . 1 -}}
{{- $spec := index . 2 -}}
{{- with $spec.image }}
image: "{{ $root.Values.global.imageRegistry | default .registry }}/{{ .repository }}{{ with .tag }}:{{ . }}{{ end }}{{ with .sha }}@sha256:{{ . }}{{ end }}"
imagePullPolicy: {{ .pullPolicy }}
version: {{ $spec.version | default .tag | quote }}
{{- end }}
serviceAccountName: {{ include "stack.account" (list $root $server) }}
externalUrl: {{ tpl $spec.externalUrl $root | default (printf "http://%s-%s.%s:%v" (include "stack.name" $root) $server (include "stack.namespace" $root) (index $root.Values $server).service.port) }}
{{- range $key := list "automountServiceAccountToken" "hostNetwork" "listenLocal" "logFormat" "logLevel" "paused" "portName" "replicas" "retention" }}
{{ $key }}: {{ index $spec $key | toJson }}
{{- end }}
{{- range $key := list "additionalArgs" "containers" "nodeSelector" "podMetadata" "priorityClassName" "resources" "routePrefix" "secrets" "securityContext" "tolerations" "volumeMounts" "volumes" }}
{{- with index $spec $key }}
{{ $key }}: {{ toJson . }}
{{- end }}
{{- end }}
{{- if or $spec.podAntiAffinity $spec.affinity }}
affinity:
  {{- with $spec.affinity }}
  {{- toYaml . | nindent 2 }}
  {{- end }}
  {{- if eq $spec.podAntiAffinity "soft" }}
  podAntiAffinity:
    preferredDuringSchedulingIgnoredDuringExecution:
      - weight: 100
        podAffinityTerm:
          topologyKey: {{ $spec.podAntiAffinityTopologyKey }}
          labelSelector:
            matchExpressions:
              - {key: app.kubernetes.io/name, operator: In, values: [{{ $server }}]}
              - {key: {{ eq $server "prometheus" | ternary "app.kubernetes.io/instance" $server }}, operator: In, values: [{{ include "stack.server" (list $root $server) }}]}
  {{- end }}
{{- end }}
{{- with $spec.additionalConfig }}
{{ tpl (toYaml .) $root }}
{{- end }}
{{- end }}

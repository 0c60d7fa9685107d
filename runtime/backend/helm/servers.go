// SPDX-License-Identifier: Apache-2.0

// This file says what V2_CRD says about the two servers in the chart's values.

package helm

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/harmonyscript/harmonyscript/runtime/backend"
	"github.com/harmonyscript/harmonyscript/runtime/backend/operator"
)

// spellings say where the chart takes a field of a Prometheus' or Alertmanager's spec: the key in prometheusSpec or
// alertmanagerSpec. A field that is not here has no place yet, which is an error and not an omission.
func spellings() map[string]string {
	table := map[string]string{
		"storage": "storageSpec",
		// The chart has a switch for the empty name, the only one that is ever asked for.
		"prometheusExternalLabelName": "prometheusExternalLabelNameClear",
		// The service account's name stands beside the spec.
		"serviceAccountName": "",
	}
	for _, same := range []string{
		"affinity", "alertmanagerConfigMatcherStrategy", "alertmanagerConfigSelector",
		"automountServiceAccountToken", "externalLabels", "externalUrl", "ignoreNamespaceSelectors", "overrideHonorLabels",
		"podMonitorSelector", "portName", "probeSelector", "remoteWrite", "replicas", "resources", "retention", "ruleSelector",
		"scrapeConfigSelector", "secrets", "securityContext", "serviceDiscoveryRole", "serviceMonitorSelector", "shards", "walCompression",
	} {
		table[same] = same
	}
	return table
}

// specValues returns spec in the chart's spelling.
func specValues(kind string, spec map[string]any) (map[string]any, error) {
	table := spellings()
	values, extra := make(map[string]any, len(spec)), map[string]any{}
	for field, value := range spec {
		if key, ok := table[field]; ok {
			values[key] = escaped(value)
			continue
		}
		switch field {
		case "alerting":
			// The chart's own endpoint is the same Alertmanager with a path prefix, which V2_CRD leaves out.
			alerting, _ := value.(map[string]any)
			values["alertingEndpoints"] = alerting["alertmanagers"]
		case "enforcedNamespaceLabel":
			// Under its own key the chart exempts rules called like its default ones from enforcement, whether it made
			// them or not: anybody in the namespace could make a rule that sees other tenants.
			extra[field] = value
		case "arbitraryFSAccessThroughSMs":
			// Its own key is a boolean by default, although the field is none, so Helm warns of whatever else is given.
			extra[field] = value
		default:
			return nil, fmt.Errorf("%s: %s: the chart has no value for it", kind, field)
		}
	}
	if len(extra) > 0 {
		values["additionalConfig"] = extra
	}
	delete(values, "")
	if _, named := spec["prometheusExternalLabelName"]; named {
		values["prometheusExternalLabelNameClear"] = true
	}
	return values, nil
}

// prometheusSpec returns the values under prometheus.prometheusSpec.
func prometheusSpec(s operator.Scope) (map[string]any, error) {
	// The builder takes the Secret with the credentials of remote write; Compile has it.
	spec, err := s.PrometheusSpec(&backend.Builder{})
	if err != nil {
		return nil, err
	}
	fields, err := fieldsOf(spec)
	if err != nil {
		return nil, fmt.Errorf("prometheus: %w", err)
	}
	if !s.Confined {
		// The chart's monitors of Kubernetes itself look into kube-system and read the token of the pod.
		delete(fields, "ignoreNamespaceSelectors")
		delete(fields, "arbitraryFSAccessThroughSMs")
	}
	values, err := specValues("prometheus", fields)
	if err != nil {
		return nil, err
	}
	for _, kind := range []string{"serviceMonitor", "podMonitor", "probe", "scrapeConfig", "rule"} {
		values[kind+"NamespaceSelector"] = ownNamespace(s)
		if !s.Confined {
			values[kind+"Selector"] = chartToo(s)
		}
	}
	// The window is the default, but saying it changes the configuration.
	values["tsdb"] = nil
	return withoutDefaults(values), nil
}

// alertmanagerSpec returns the values under alertmanager.alertmanagerSpec.
func alertmanagerSpec(s operator.Scope) (map[string]any, error) {
	fields, err := fieldsOf(s.AlertmanagerSpec())
	if err != nil {
		return nil, fmt.Errorf("alertmanager: %w", err)
	}
	values, err := specValues("alertmanager", fields)
	if err != nil {
		return nil, err
	}
	values["alertmanagerConfigNamespaceSelector"] = ownNamespace(s)
	// The operator starts from the Secret that the sender makes, or from its own empty configuration, as it does for
	// V2_CRD. The chart's would be one more object with a configuration that no script has said.
	values["useExistingSecret"] = true
	return withoutDefaults(values), nil
}

// withoutDefaults takes back what the chart decides and V2_CRD leaves to the operator: images and anti-affinity.
func withoutDefaults(values map[string]any) map[string]any {
	values["image"] = nil
	values["podAntiAffinity"] = ""
	return values
}

// ownNamespace selects the stack's namespace by name. The chart cannot leave a selector of namespaces out, which would
// mean the same; its empty one means all.
func ownNamespace(s operator.Scope) map[string]any {
	return map[string]any{"matchLabels": map[string]any{backend.LabelNamespaceName: s.Namespace}}
}

// chartToo selects the stack's own objects and those of its release. Helm says on all of its objects that it manages
// them, so that label cannot be asked for.
func chartToo(s operator.Scope) map[string]any {
	return map[string]any{"matchLabels": map[string]any{backend.LabelStack: s.Resource}}
}

// fieldsOf returns what content looks like in JSON, with numbers as they are written.
func fieldsOf(content any) (map[string]any, error) {
	encoded, err := json.Marshal(content)
	if err != nil {
		return nil, fmt.Errorf("encode: %w", err)
	}
	var fields map[string]any
	decoder := json.NewDecoder(bytes.NewReader(encoded))
	decoder.UseNumber()
	if err := decoder.Decode(&fields); err != nil {
		return nil, fmt.Errorf("decode: %w", err)
	}
	return fields, nil
}

// escaped returns value with the texts in it such that the chart's templates give them back as they are: it runs many
// values through the template engine once more.
func escaped(value any) any {
	switch value := value.(type) {
	case string:
		// Backquotes, because they survive the quotes that YAML puts around the text.
		return strings.ReplaceAll(value, "{{", "{{`{{`}}")
	case []any:
		list := make([]any, len(value))
		for i, element := range value {
			list[i] = escaped(element)
		}
		return list
	case map[string]any:
		fields := make(map[string]any, len(value))
		for key, element := range value {
			fields[key] = escaped(element)
		}
		return fields
	default:
		return value
	}
}

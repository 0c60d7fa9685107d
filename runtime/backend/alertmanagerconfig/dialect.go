// SPDX-License-Identifier: Apache-2.0

// Package alertmanagerconfig carries alert channels into AlertmanagerConfig objects, for every version of the
// monitoring API that has them.
//
// It knows no channel. A channel describes its receiver in the words of Alertmanager's configuration file; the
// resource says the same in its own words: `avatar_url` there is `avatarURL` here, a secret is a reference to a
// key of a Secret, a mapping is a list of pairs. This package derives the one from the other by the Go type of the
// resource's receiver, so that an integration works as soon as that type has it. Names that do not follow the
// rule are in the dialect's table.
//
// What the resource has no receiver for goes into the configuration that the operator starts from, see raw.go.
package alertmanagerconfig

import (
	"reflect"

	"github.com/prometheus-operator/prometheus-operator/pkg/apis/monitoring"
	"github.com/prometheus-operator/prometheus-operator/pkg/apis/monitoring/v1alpha1"

	"github.com/harmonyscript/harmonyscript/runtime/score"
)

// Dialect is what tells the AlertmanagerConfigs of one monitoring API version from those of another.
type Dialect struct {
	// API is the version that diagnostics name.
	API score.APIVersion
	// Group and Version of the resource: "monitoring.coreos.com", "v1alpha1".
	Group, Version string
	// Receiver is the Go type of one element of the resource's `receivers`: a struct with a field
	// `<integration>Configs` per integration, a list of structs. A type that is no struct knows no integration.
	Receiver reflect.Type
	// Raw is a type like Receiver for what only Alertmanager's own configuration has: its fields are called as there,
	// `<integration>_configs` and below. See raw_types.go.
	Raw reflect.Type
	// Irregular names the fields of integrations that are not called as in Alertmanager's configuration: by
	// integration, then by Alertmanager's name with those of the blocks around it ("links.text"), the name in the
	// resource. An empty name is a setting that the resource says by having the block at all.
	Irregular map[string]map[string]string
	// Values are those that are spelt in another way: by integration, by name as in Irregular, then by
	// Alertmanager's value.
	Values map[string]map[string]map[string]string
	// Lost are settings that the resource has and that do not get to Alertmanager: by integration, then by name as in
	// Irregular.
	Lost map[string][]string
}

// CoreOS returns the dialect of prometheus-operator's own AlertmanagerConfig, for the given API version: V2_CRD
// uses it, and V1_HELM, whose chart brings the same operator.
func CoreOS(api score.APIVersion) Dialect {
	return Dialect{
		API:       api,
		Group:     monitoring.GroupName,
		Version:   v1alpha1.Version,
		Receiver:  reflect.TypeFor[v1alpha1.Receiver](),
		Raw:       reflect.TypeFor[rawReceiver](),
		Irregular: Irregular(),
		Values: map[string]map[string]map[string]string{
			"email": {"threading.thread_by_date": {"daily": string(v1alpha1.ThreadByDateTypeDaily), "none": string(v1alpha1.ThreadByDateTypeNone)}},
		},
		Lost: lost(),
	}
}

// lost are the settings that are lost with every operator up to v0.93.
func lost() map[string][]string {
	return map[string][]string{
		// The operators spell is_webview and msg_in_chat_window in each of Rocket.Chat's buttons, and Alertmanager up to v0.34,
		// which calls them otherwise, refuses the whole configuration.
		"rocketchat": {"actions"},
		// The operators leave it out of what they write. (With remote write of Prometheus, which has the same type, it is there.)
		"sns": {"sigv4.use_fips_sts_endpoint"},
	}
}

// Irregular returns the irregular names of prometheus-operator's v1alpha1 types, which its forks share.
func Irregular() map[string]map[string]string {
	return map[string]map[string]string{
		"discord":   {"webhook_url": "apiURL"},
		"email":     {"threading.enabled": ""},
		"pagerduty": {"images": "pagerDutyImageConfigs", "links": "pagerDutyLinkConfigs", "links.text": "alt"},
		"sns":       {"sigv4.use_fips_sts_endpoint": "useFIPSSTSEndpoint"},
		// In the raw configuration a secret is a file.
		"incidentio": {"http_config.http_headers.secrets": "files"},
		"jira":       {"http_config.http_headers.secrets": "files"},
		"mattermost": {"http_config.http_headers.secrets": "files"},
	}
}

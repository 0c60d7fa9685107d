// SPDX-License-Identifier: Apache-2.0

// Package alertmanagerconfig carries alert channels into AlertmanagerConfig objects, for every version of the
// monitoring API that has them.
//
// It knows no channel. A channel describes its receiver in the words of Alertmanager's configuration file; the
// resource says the same in its own words: `avatar_url` there is `avatarURL` here, a secret is a reference to a
// key of a Secret, a mapping is a list of pairs. This package derives the one from the other by the Go type of the
// resource's receiver, so that an integration works as soon as that type has it. Names that do not follow the
// rule are in the dialect's table.
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
	// Irregular names the fields of integrations that are not called as in Alertmanager's configuration: by
	// integration, then by Alertmanager's name, the name in the resource.
	Irregular map[string]map[string]string
}

// CoreOS returns the dialect of prometheus-operator's own AlertmanagerConfig, for the given API version: V2_CRD
// uses it, and V1_HELM, whose chart brings the same operator.
func CoreOS(api score.APIVersion) Dialect {
	return Dialect{
		API:       api,
		Group:     monitoring.GroupName,
		Version:   v1alpha1.Version,
		Receiver:  reflect.TypeFor[v1alpha1.Receiver](),
		Irregular: Irregular(),
	}
}

// Irregular returns the irregular names of prometheus-operator's v1alpha1 types, which its forks share.
func Irregular() map[string]map[string]string {
	return map[string]map[string]string{
		"discord": {"webhook_url": "apiURL"},
	}
}

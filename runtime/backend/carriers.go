// SPDX-License-Identifier: Apache-2.0

// This file finds out which versions can carry a channel.

package backend

import (
	"slices"

	"github.com/harmonyscript/harmonyscript/runtime/diag"
	"github.com/harmonyscript/harmonyscript/runtime/score"
)

// The codes under which senders report what their version cannot carry.
const (
	// CodeUnsupportedChannel is for a kind of channel, at the channel.
	CodeUnsupportedChannel = "unsupported-channel"
	// CodeUnsupportedSetting is for a setting of a channel, at its argument.
	CodeUnsupportedSetting = "unsupported-setting"
)

// Carriers returns the versions that can carry the integration of Alertmanager called integration: with the given
// setting, or as such when setting is "". What a version can carry is what its sender does not refuse.
func (r *Registry) Carriers(integration, setting string) []score.APIVersion {
	channel := score.AlertChannel{Constructor: integration, Name: integration, Receiver: score.Receiver{Integration: integration}}
	if setting != "" {
		channel.Receiver.Fields = []score.Field{{Name: setting, Value: ""}}
	}
	var versions []score.APIVersion
	for _, b := range r.backends {
		refused := slices.ContainsFunc(b.Sender().Check(channel), func(d diag.Diagnostic) bool {
			return d.Code == CodeUnsupportedChannel || d.Code == CodeUnsupportedSetting
		})
		if !refused {
			versions = append(versions, b.Version())
		}
	}
	return versions
}

// CarriersOf returns the versions whose senders do not report the given problem with the channel.
func (r *Registry) CarriersOf(channel score.AlertChannel, problem diag.Diagnostic) []score.APIVersion {
	var versions []score.APIVersion
	for _, b := range r.backends {
		reported := slices.ContainsFunc(b.Sender().Check(channel), func(d diag.Diagnostic) bool {
			// A version that lacks the whole channel says nothing about its settings.
			return d.Code == CodeUnsupportedChannel || d.Code == problem.Code && d.Position == problem.Position
		})
		if !reported {
			versions = append(versions, b.Version())
		}
	}
	return versions
}

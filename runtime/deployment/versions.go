// SPDX-License-Identifier: Apache-2.0

// This file tells what each version of the monitoring API can express, from the backends themselves.

package deployment

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/harmonyscript/harmonyscript/builtins"
	"github.com/harmonyscript/harmonyscript/runtime/backend"
	"github.com/harmonyscript/harmonyscript/runtime/diag"
	"github.com/harmonyscript/harmonyscript/runtime/score"
)

// Versions is the table of what each version of the monitoring API supports.
type Versions struct {
	// Columns are the versions, in their order.
	Columns []VersionColumn `json:"columns"`
	// Features are what a script can ask for, and Channels where alerts can go.
	Features []VersionRow `json:"features"`
	Channels []VersionRow `json:"channels"`
}

// VersionColumn is one version.
type VersionColumn struct {
	// Name is that of scripts: "V2_CRD".
	Name string `json:"name"`
	// Summary says what it is.
	Summary string `json:"summary"`
	// Requires are what the cluster has to have, as "provider (group)".
	Requires []string `json:"requires"`
}

// VersionRow is one thing that versions may differ in.
type VersionRow struct {
	// Name is that of scripts: "probe", "monitoring_stack.shards", "discord".
	Name string `json:"name"`
	// Summary says what it is.
	Summary string `json:"summary"`
	// Cells has one for each column.
	Cells []VersionCell `json:"cells"`
}

// VersionCell says whether a version supports something.
type VersionCell struct {
	Supported bool `json:"supported"`
	// Notes say why not, or what of it is missing or otherwise.
	Notes []string `json:"notes,omitempty"`
}

// featureSummaries are the words for features, in the order of the table.
func featureSummaries() []VersionRow {
	row := func(f backend.Feature, summary string) VersionRow {
		return VersionRow{Name: string(f), Summary: summary}
	}
	return []VersionRow{
		row(backend.FeatureTenantDedicated, "a tenant with a Prometheus and an Alertmanager of its own"),
		row(backend.FeatureTenantShared, "a tenant whose rules, targets and channels a platform's stack serves"),
		row(backend.FeatureServiceMonitor, "pods behind a Service as targets"),
		row(backend.FeaturePodMonitor, "pods as targets"),
		row(backend.FeatureStaticTargets, "addresses as targets"),
		row(backend.FeatureHTTPDiscovery, "targets that an HTTP endpoint lists"),
		row(backend.FeatureDNSDiscovery, "targets that DNS names resolve to"),
		row(backend.FeatureProbe, "addresses that a prober looks at"),
		row(backend.FeatureRuleKeepFiring, "an alert that goes on for a while after its cause is gone"),
		row(backend.FeatureRuleGroupLimit, "a limit on what a group of rules may give"),
		row(backend.FeatureStorage, "volumes for samples"),
		row(backend.FeatureReplicas, "several replicas of both servers"),
		row(backend.FeatureShards, "targets spread over several Prometheus"),
		row(backend.FeatureRemoteWrite, "samples sent to other systems"),
		row(backend.FeatureExternalLabels, "labels on everything that leaves the Prometheus"),
		row(backend.FeatureResources, "compute resources of the Prometheus"),
		row(backend.FeatureHelmValues, "values and the source of the Helm chart"),
	}
}

// VersionTable asks every backend of the registry what it supports. library has the channels that it asks about.
func VersionTable(registry *backend.Registry, library *builtins.Library) *Versions {
	table := &Versions{}
	backends := registry.Backends()
	for _, b := range backends {
		column := VersionColumn{Name: b.Version().String()}
		for _, c := range library.Constants() {
			if c.Name == column.Name {
				column.Summary = c.Doc
			}
		}
		for _, r := range b.Requires() {
			if need := fmt.Sprintf("%s (%s)", r.Provider, r.Group); !slices.Contains(column.Requires, need) {
				column.Requires = append(column.Requires, need)
			}
		}
		table.Columns = append(table.Columns, column)
	}
	table.Features = featureRows(backends)
	for _, s := range library.Signatures() {
		if s.Receiver != "" || s.Family != "alert channels" || s.Result != "alert_channel" {
			continue
		}
		table.Channels = append(table.Channels, channelRow(s, backends, library))
	}
	return table
}

func featureRows(backends []backend.Backend) []VersionRow {
	rows := featureSummaries()
	for _, b := range backends {
		// A feature without words yet is better told by its name than left out.
		for _, f := range b.Capabilities().Features() {
			if !slices.ContainsFunc(rows, func(r VersionRow) bool { return r.Name == string(f) }) {
				rows = append(rows, VersionRow{Name: string(f)})
			}
		}
	}
	for i := range rows {
		f := backend.Feature(rows[i].Name)
		for _, b := range backends {
			cell := VersionCell{Supported: b.Capabilities().Supports(f)}
			reason := b.Capabilities().Reason(f)
			if f == backend.FeatureHelmValues {
				reason = cmp.Or(reason, "they are left alone, with a warning: nothing is deployed through Helm")
			}
			if reason != "" && !cell.Supported {
				cell.Notes = []string{reason}
			}
			if reservation, exists := b.Capabilities().Reservation(f); exists {
				cell.Notes = append(cell.Notes, reservation.Reason)
			}
			rows[i].Cells = append(rows[i].Cells, cell)
		}
	}
	// What no version has a word about is nothing that a script can ask for.
	return slices.DeleteFunc(rows, func(r VersionRow) bool {
		return !slices.ContainsFunc(r.Cells, func(c VersionCell) bool { return c.Supported || len(c.Notes) > 0 })
	})
}

// channelRow asks every sender about a channel as such, and about each of its settings alone.
func channelRow(s *builtins.Signature, backends []backend.Backend, library *builtins.Library) VersionRow {
	row := VersionRow{Name: s.Name, Summary: strings.TrimPrefix(s.Summary, "an alert channel to ")}
	for _, b := range backends {
		lacks := func(code string, settings ...score.Field) (diag.Diagnostic, bool) {
			channel := score.AlertChannel{Constructor: s.Name, Name: s.Name, Receiver: score.Receiver{Integration: s.Name, Fields: settings}}
			problems := b.Sender().Check(channel)
			i := slices.IndexFunc(problems, func(d diag.Diagnostic) bool { return d.Code == code })
			if i < 0 {
				return diag.Diagnostic{}, false
			}
			return problems[i], true
		}
		problem, unsupported := lacks(backend.CodeUnsupportedChannel)
		cell := VersionCell{Supported: !unsupported}
		if unsupported {
			cell.Notes = []string{cmp.Or(problem.Detail, problem.Summary)}
		} else if missing := missingSettings(s, library, "", func(f score.Field) bool {
			_, lacking := lacks(backend.CodeUnsupportedSetting, f)
			return lacking
		}); len(missing) > 0 {
			slices.Sort(missing)
			cell.Notes = []string{"without `" + strings.Join(missing, "`, `") + "`"}
		}
		row.Cells = append(row.Cells, cell)
	}
	return row
}

// missingSettings returns the paths of the settings, those in blocks too, that are lacking: "sigv4.external_id". Of a block
// that is lacking as a whole it does not name the parts.
func missingSettings(s *builtins.Signature, library *builtins.Library, path string, lacking func(score.Field) bool) []string {
	var missing []string
	for _, a := range s.Arguments {
		if path == "" && (a.Name == "name" || a.Name == "matchers") {
			continue // they are the channel's own
		}
		name := strings.TrimSuffix(a.Name, "_")
		constructor, several := strings.CutPrefix(a.Type.String(), "list of ")
		block, isBlock := library.Signature(constructor)
		field := func(value any) score.Field { return score.Field{Name: name, Argument: a.Name, Value: value} }
		switch {
		case !isBlock || block.Family != s.Family && block.Family != "channel settings":
			if lacking(field(sampleValue(a.Type.String()))) {
				missing = append(missing, path+name)
			}
			continue
		case lacking(field(blockValue(several))):
			missing = append(missing, path+name)
			continue
		}
		missing = append(missing, missingSettings(block, library, path+name+".", func(f score.Field) bool {
			return lacking(field(blockValue(several, f)))
		})...)
	}
	return missing
}

func blockValue(several bool, fields ...score.Field) any {
	block := score.Block{Fields: fields}
	if several {
		return []score.Block{block}
	}
	return block
}

// sampleValue is a value as a setting of the type has it.
func sampleValue(kind string) any {
	if inner, ok := strings.CutPrefix(kind, "dict of "); ok {
		return []score.Field{{Name: "x", Argument: "x", Value: sampleValue(inner)}}
	}
	secret := score.Secret{Source: score.SecretFromEnvironment, Name: "X"}
	switch kind, _, _ := strings.Cut(kind, " or "); kind {
	case "int", "float":
		return int64(1)
	case "bool":
		return true
	case "secret":
		return secret
	case "list of secret":
		return []score.Secret{secret}
	case "list of string":
		return []string{"x"}
	}
	return "x"
}

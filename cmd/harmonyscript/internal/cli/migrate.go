// SPDX-License-Identifier: Apache-2.0

package cli

// This file holds the verb `migrate`.

import (
	"context"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/harmonyscript/harmonyscript/runtime/backend"
	"github.com/harmonyscript/harmonyscript/runtime/cluster"
	"github.com/harmonyscript/harmonyscript/runtime/deployment"
	"github.com/harmonyscript/harmonyscript/runtime/diag"
	"github.com/harmonyscript/harmonyscript/runtime/host"
	"github.com/harmonyscript/harmonyscript/runtime/score"
)

func newMigrateCommand(f *factory) *cobra.Command {
	var to string
	command := &cobra.Command{
		Use:   "migrate SCRIPT --to VERSION",
		Short: "Show what a script would lose or need in another version of the monitoring API",
		Long: `Says, for every place in the script that chooses a version, what would become of its scores in another one: whether the
servers stay or new ones are made beside them, what would be refused or left out and at which line, what the cluster
has to have, and which edit starts the move. The script is not changed, and neither is the cluster.

Without the flags of a cluster none is asked. With them it is told whether the cluster has what the version needs, and for
V1_HELM whether the chart can be had. The exit code is 2 when something would be refused.`,
		Example: "  harmonyscript migrate --to V3_RHOB monitoring.star",
		Args:    oneScript(),
		RunE: func(c *cobra.Command, arguments []string) error {
			version, err := parseVersion(c, to)
			if err != nil {
				return err
			}
			return runMigrate(c.Context(), f, version, arguments[0])
		},
	}
	f.addScriptFlags(command)
	f.addClusterFlags(command)
	f.addChartFlags(command)
	f.addOutputFlags(command)
	command.Flags().StringVar(&to, "to", "", "the `version` to move to: "+versionNames(" or "))
	return command
}

func versionNames(last string) string {
	var names []string
	for _, v := range score.APIVersions() {
		names = append(names, v.String())
	}
	return strings.Join(names[:len(names)-1], ", ") + last + names[len(names)-1]
}

func parseVersion(c *cobra.Command, text string) (score.APIVersion, error) {
	for _, v := range score.APIVersions() {
		if v.String() == text {
			return v, nil
		}
	}
	got := "no --to"
	if text != "" {
		got = "--to " + text
	}
	return 0, wrongCall("%s: got %s, want one of %s", c.CommandPath(), got, versionNames(", "))
}

// migration is the JSON form of what the verb finds.
type migration struct {
	Type string `json:"type"`
	*deployment.Assessment
	// Possible tells that nothing would be refused.
	Possible bool `json:"possible"`
	// Missing are the kinds that the cluster does not serve; absent when none was asked.
	Missing *[]backend.CRD `json:"missing,omitempty"`
	// Releases are those that the script would have.
	Releases []migratedRelease `json:"releases,omitempty"`
}

// migratedRelease is a Helm release that the script would have.
type migratedRelease struct {
	Name string `json:"name"`
	// Chart and Version are known when the chart was asked for.
	Chart   string `json:"chart,omitempty"`
	Version string `json:"version,omitempty"`
	// Objects is how many the chart makes.
	Objects int `json:"objects,omitempty"`
}

func runMigrate(ctx context.Context, f *factory, to score.APIVersion, path string) error {
	options, err := f.loadOptions()
	if err != nil {
		return err
	}
	assessment, err := deployment.Assess(ctx, path, to, options)
	if err != nil {
		return err
	}
	if assessment.Stop == host.StopCancelled {
		return exitWith(exitInterrupted)
	}
	if len(assessment.Moves) == 0 && assessment.Diagnostics.HasErrors() {
		return f.reportDiagnostics(assessment.Diagnostics, assessment.Sources)
	}
	m := &migration{Type: "migration", Assessment: assessment}
	if err := f.askAround(ctx, m); err != nil {
		return f.failure(ctx, err, assessment.Sources)
	}
	m.Possible = assessment.Possible()
	if f.json() {
		err = f.printJSON(m)
	} else {
		f.writeMigration(path, m)
	}
	if err == nil && !m.Possible {
		return exitWith(exitWrong)
	}
	return err
}

// askAround asks the cluster, when there is one to ask, and the chart's source, when there is a cluster or a chart is named.
func (f *factory) askAround(ctx context.Context, m *migration) error {
	var client *cluster.Client
	if f.flags.sandbox || f.flags.kubeconfig != "" || len(f.flags.contexts) > 0 {
		var err error
		if client, err = f.connect(ctx); err != nil {
			return err
		}
		missing, err := missingKinds(ctx, client, m.Requires)
		if err != nil {
			return err
		}
		if slices.ContainsFunc(m.Assessment.Releases, func(r backend.Release) bool { return r.Definitions }) {
			missing = []backend.CRD{} // a release of the script brings them along
		}
		m.Missing = &missing
	}
	for _, r := range m.Assessment.Releases {
		m.Releases = append(m.Releases, migratedRelease{Name: r.Key()})
	}
	if len(m.Releases) == 0 || client == nil && f.flags.helmChart == "" {
		return nil
	}
	rendered, problems, err := f.render(ctx, &deployment.Loaded{Result: m.Result, Releases: m.Assessment.Releases}, client)
	if err != nil {
		return err
	}
	m.Diagnostics = append(m.Diagnostics, problems...).Sorted()
	for i, r := range rendered {
		m.Releases[i].Chart, m.Releases[i].Version, m.Releases[i].Objects = r.Chart.Name, r.Chart.Version, len(r.Objects)
	}
	return nil
}

// missingKinds returns those of the required kinds that the cluster does not serve.
func missingKinds(ctx context.Context, client *cluster.Client, required []backend.CRD) ([]backend.CRD, error) {
	missing := []backend.CRD{}
	for _, r := range required {
		_, err := client.Resource(ctx, schema.GroupVersionKind{Group: r.Group, Version: r.Version, Kind: r.Kind})
		switch {
		case cluster.IsKindMissing(err):
			missing = append(missing, r)
		case err != nil:
			return nil, err
		}
	}
	return missing, nil
}

// shownDiagnostics returns what a person is told: what the other version says, and what stands in the way in either.
// Warnings that the script has anyway are left to `check`.
func (m *migration) shownDiagnostics() diag.List {
	var shown diag.List
	for _, move := range m.Moves {
		shown = append(shown, move.Diagnostics...)
		for _, d := range move.Remaining {
			if d.Severity == diag.Error {
				shown = append(shown, d)
			}
		}
	}
	return append(shown, m.Diagnostics...)
}

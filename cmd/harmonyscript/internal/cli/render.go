// SPDX-License-Identifier: Apache-2.0

package cli

// This file holds the verb `render`.

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/harmonyscript/harmonyscript/runtime/backend"
	"github.com/harmonyscript/harmonyscript/runtime/deployment"
	"github.com/harmonyscript/harmonyscript/runtime/helm"
	"github.com/harmonyscript/harmonyscript/runtime/score"
)

func newRenderCommand(f *factory) *cobra.Command {
	command := &cobra.Command{
		Use:   "render SCRIPT",
		Short: "Print the objects that a script declares",
		Long: `Prints exactly the objects that apply would send, as YAML documents. Values of secrets are not read: a
comment says where each comes from. With --output json there is one object a line, with its place in the script.

What a Helm chart makes comes last, release by release, with the hooks that Helm runs. It is made for the newest Kubernetes that
this harmonyscript knows, or for --kube-version; plan and apply ask the cluster.`,
		Args: oneScript(),
		RunE: func(c *cobra.Command, arguments []string) error {
			return runRender(c.Context(), f, arguments[0])
		},
	}
	f.addScriptFlags(command)
	f.addChartFlags(command)
	f.addOutputFlags(command)
	command.Flags().StringVar(&f.flags.kubeVersion, "kube-version", "", "Kubernetes `version` that Helm charts are rendered for: 1.34, v1.34.2")
	return command
}

func runRender(ctx context.Context, f *factory, path string) error {
	// A stream: nothing is printed before all is checked, and then no more objects are held than are being printed.
	loaded, err := f.loadAs(ctx, path, func(o *deployment.Options) { o.Stream = true })
	if err != nil {
		return err
	}
	if !f.json() {
		f.sayDiagnostics(loaded.Diagnostics, loaded.Sources)
	}
	releases, problems, err := f.render(ctx, loaded, nil)
	if err != nil {
		return f.failure(ctx, err, loaded.Sources)
	}
	if problems.HasErrors() {
		return f.failure(ctx, problems, loaded.Sources)
	}
	if !f.json() {
		f.sayDiagnostics(problems, loaded.Sources)
	}
	err = renderAll(ctx, f.streams.Out, loaded, releases, f.json())
	if ctx.Err() != nil {
		return exitWith(exitInterrupted)
	}
	return err
}

// renderAll prints objects, and then what each release is made of, as YAML documents or as one JSON object a line.
func renderAll(ctx context.Context, w io.Writer, loaded *deployment.Loaded, releases []*helm.Rendered, asJSON bool) error {
	in := func(w io.Writer) renderer {
		if asJSON {
			encoder := json.NewEncoder(w)
			encoder.SetEscapeHTML(false)
			return jsonRenderer{encoder}
		}
		return yamlRenderer{w}
	}
	buffered := bufio.NewWriter(w)
	err := deployment.Each(loaded, func(objects []backend.Object) ([]byte, error) {
		var text bytes.Buffer
		for _, o := range objects {
			if err := in(&text).object(o, ""); err != nil {
				return nil, fmt.Errorf("render %s: %w", o.ID, err)
			}
		}
		return text.Bytes(), ctx.Err()
	}, func(text []byte) error {
		if _, err := buffered.Write(text); err != nil {
			return fmt.Errorf("render: %w", err)
		}
		return ctx.Err()
	})
	if err != nil {
		return err
	}
	for _, release := range releases {
		if err := in(buffered).release(release); err != nil {
			return fmt.Errorf("render Helm release %s: %w", release.Release.Key(), err)
		}
	}
	if err := buffered.Flush(); err != nil {
		return fmt.Errorf("render: %w", err)
	}
	return nil
}

// renderer prints in one format.
type renderer interface {
	// object prints an object; comment says more about it and may be empty.
	object(o backend.Object, comment string) error
	// release prints all that a release is made of.
	release(r *helm.Rendered) error
}

type yamlRenderer struct{ w io.Writer }

func (y yamlRenderer) document(manifest []byte, comment string) error {
	text, err := yamlOf(manifest)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(y.w, "---\n%s%s", comment, text)
	return err
}

func (y yamlRenderer) release(r *helm.Rendered) error {
	for _, o := range r.Definitions {
		if err := y.object(o, fmt.Sprintf("# definition of chart %s %s\n", r.Chart.Name, r.Chart.Version)); err != nil {
			return err
		}
	}
	name := "# Helm release " + r.Release.Key()
	comment := fmt.Sprintf("%s\n#   chart: %s %s\n#   source: %s\n#   digest: %s\n", name, r.Chart.Name, r.Chart.Version, r.Chart.Source, r.Chart.Digest)
	for _, o := range r.Objects {
		if err := y.object(o, comment); err != nil {
			return err
		}
		comment = name + "\n"
	}
	for _, h := range r.Hooks {
		if err := y.document(h.Manifest, fmt.Sprintf("%s: hook at %s\n", name, strings.Join(h.Events, ", "))); err != nil {
			return err
		}
	}
	return nil
}

func (y yamlRenderer) object(o backend.Object, comment string) error {
	if err := y.document(o.Manifest, comment); err != nil {
		return err
	}
	w := y.w
	if len(o.Secrets) == 0 {
		return nil
	}
	if _, err := fmt.Fprintln(w, "# data, read when it is applied:"); err != nil {
		return err
	}
	for _, key := range slices.Sorted(maps.Keys(o.Secrets)) {
		if _, err := fmt.Fprintf(w, "#   %s: %s\n", key, o.Secrets[key]); err != nil {
			return err
		}
	}
	return nil
}

// renderedObject is the JSON form of an object.
type renderedObject struct {
	Type     string            `json:"type"`
	ID       backend.ID        `json:"id"`
	Stage    string            `json:"stage"`
	Score    string            `json:"score"`
	Position score.Position    `json:"position"`
	Manifest json.RawMessage   `json:"manifest"`
	Secrets  map[string]string `json:"secrets,omitempty"`
	// Release is the key of the Helm release that makes the object.
	Release string `json:"release,omitempty"`
}

// renderedRelease is the JSON form of a release. It comes before its objects.
type renderedRelease struct {
	Type     string         `json:"type"`
	Release  string         `json:"release"`
	Chart    helm.Chart     `json:"chart"`
	Score    string         `json:"score"`
	Position score.Position `json:"position"`
}

// renderedHook is the JSON form of a hook.
type renderedHook struct {
	Type    string `json:"type"`
	Release string `json:"release"`
	helm.Hook
	Manifest json.RawMessage `json:"manifest"`
}

type jsonRenderer struct{ encoder *json.Encoder }

func (j jsonRenderer) release(r *helm.Rendered) error {
	for _, o := range r.Definitions {
		if err := j.object(o, ""); err != nil {
			return err
		}
	}
	key := r.Release.Key()
	if err := j.encoder.Encode(renderedRelease{"release", key, r.Chart, r.Release.Score, r.Release.Origin.Position()}); err != nil {
		return err
	}
	for _, o := range r.Objects {
		if err := j.object(o, ""); err != nil {
			return err
		}
	}
	for _, h := range r.Hooks {
		if err := j.encoder.Encode(renderedHook{"hook", key, h, h.Manifest}); err != nil {
			return err
		}
	}
	return nil
}

func (j jsonRenderer) object(o backend.Object, _ string) error {
	rendered := renderedObject{
		Type: "object", ID: o.ID, Stage: o.Stage.String(), Score: o.Score, Position: o.Origin.Position(), Manifest: o.Manifest, Release: o.Release,
	}
	if len(o.Secrets) > 0 {
		rendered.Secrets = make(map[string]string, len(o.Secrets))
		for key, secret := range o.Secrets {
			rendered.Secrets[key] = secret.String()
		}
	}
	return j.encoder.Encode(rendered)
}

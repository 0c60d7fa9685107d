// SPDX-License-Identifier: Apache-2.0

package cli

// This file holds the verb `render`.

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"slices"

	"github.com/spf13/cobra"
	"sigs.k8s.io/yaml"

	"github.com/harmonyscript/harmonyscript/runtime/backend"
	"github.com/harmonyscript/harmonyscript/runtime/score"
)

func newRenderCommand(f *factory) *cobra.Command {
	command := &cobra.Command{
		Use:   "render SCRIPT",
		Short: "Print the objects that a script declares",
		Long: `Prints exactly the objects that apply would send, as YAML documents. Values of secrets are not read: a
comment says where each comes from. With --output json there is one object a line, with its place in the script.`,
		Args: oneScript(),
		RunE: func(c *cobra.Command, arguments []string) error {
			return runRender(c.Context(), f, arguments[0])
		},
	}
	f.addScriptFlags(command)
	f.addOutputFlags(command)
	return command
}

func runRender(ctx context.Context, f *factory, path string) error {
	loaded, err := f.load(ctx, path, false)
	if err != nil {
		return err
	}
	if !f.json() {
		f.sayDiagnostics(loaded.Diagnostics, loaded.Sources)
	}
	return renderObjects(f.streams.Out, loaded.Objects, f.json())
}

// renderObjects prints the objects as YAML documents, or as one JSON object a line.
func renderObjects(w io.Writer, objects []backend.Object, asJSON bool) error {
	buffered := bufio.NewWriter(w)
	for _, o := range objects {
		render := renderYAML
		if asJSON {
			render = renderJSON
		}
		if err := render(buffered, o); err != nil {
			return fmt.Errorf("render %s: %w", o.ID, err)
		}
	}
	if err := buffered.Flush(); err != nil {
		return fmt.Errorf("render: %w", err)
	}
	return nil
}

func renderYAML(w io.Writer, o backend.Object) error {
	text, err := yaml.JSONToYAML(o.Manifest)
	if err != nil {
		return err
	}
	if _, err := fmt.Fprintf(w, "---\n%s", text); err != nil {
		return err
	}
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
}

func renderJSON(w io.Writer, o backend.Object) error {
	rendered := renderedObject{
		Type: "object", ID: o.ID, Stage: o.Stage.String(), Score: o.Score, Position: o.Origin.Position(), Manifest: o.Manifest,
	}
	if len(o.Secrets) > 0 {
		rendered.Secrets = make(map[string]string, len(o.Secrets))
		for key, secret := range o.Secrets {
			rendered.Secrets[key] = secret.String()
		}
	}
	encoder := json.NewEncoder(w)
	encoder.SetEscapeHTML(false)
	return encoder.Encode(rendered)
}

// SPDX-License-Identifier: Apache-2.0

package cli

// This file holds the verb `doc`.

import (
	"fmt"
	"slices"

	"github.com/spf13/cobra"

	"github.com/harmonyscript/harmonyscript/builtins"
	"github.com/harmonyscript/harmonyscript/runtime/diag"
)

func newDocCommand(f *factory) *cobra.Command {
	command := &cobra.Command{
		Use:     "doc [NAME]",
		Short:   "Describe what scripts can call",
		Long:    `Lists what scripts can call, or describes one of them: its arguments, their defaults, an example.`,
		Example: "  harmonyscript doc\n  harmonyscript doc discord",
		Args:    atMost(1, "at most one name"),
		RunE: func(_ *cobra.Command, arguments []string) error {
			return runDoc(f, arguments)
		},
		ValidArgsFunction: func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
			return docNames(builtins.Standard()), cobra.ShellCompDirectiveNoFileComp
		},
	}
	f.addOutputFlags(command)
	return command
}

// docEntry is the JSON form of one entry.
type docEntry struct {
	Name      string        `json:"name"`
	Family    string        `json:"family"`
	Receiver  string        `json:"receiver,omitempty"`
	Summary   string        `json:"summary"`
	Doc       string        `json:"doc,omitempty"`
	Example   string        `json:"example,omitempty"`
	Result    string        `json:"result,omitempty"`
	Arguments []docArgument `json:"arguments"`
}

type docArgument struct {
	Name     string   `json:"name"`
	Type     string   `json:"type"`
	Required bool     `json:"required"`
	Default  string   `json:"default,omitempty"`
	Doc      string   `json:"doc"`
	Values   []string `json:"values,omitempty"`
}

// docName is what an entry is asked for by: "discord", or "monitoring_stack.replace" for a method.
func docName(s *builtins.Signature) string {
	if s.Receiver != "" {
		return s.Receiver + "." + s.Name
	}
	return s.Name
}

func docNames(library *builtins.Library) []string {
	var names []string
	for _, s := range library.Signatures() {
		names = append(names, docName(s))
	}
	for _, c := range library.Constants() {
		names = append(names, c.Name)
	}
	slices.Sort(names)
	return names
}

func runDoc(f *factory, arguments []string) error {
	library := builtins.Standard()
	if len(arguments) == 0 {
		return listDoc(f, library)
	}
	name := arguments[0]
	for _, s := range library.Signatures() {
		if docName(s) == name {
			if f.json() {
				return f.printJSON(docOf(s))
			}
			_, err := fmt.Fprint(f.streams.Out, s.Help())
			return err
		}
	}
	for _, c := range library.Constants() {
		if c.Name == name {
			if f.json() {
				return f.printJSON(docEntry{Name: c.Name, Family: c.Type, Summary: c.Doc, Arguments: []docArgument{}})
			}
			_, err := fmt.Fprintf(f.streams.Out, "%s (%s)\n\n%s\n", c.Name, c.Type, c.Doc)
			return err
		}
	}
	hint := "`harmonyscript doc` lists what there is"
	if near := diag.Nearest(name, docNames(library)); near != "" {
		hint = fmt.Sprintf("did you mean %q?", near)
	}
	return wrongCall("doc: got unknown name %q; %s", name, hint)
}

func listDoc(f *factory, library *builtins.Library) error {
	if f.json() {
		entries := []docEntry{}
		for _, s := range library.Signatures() {
			entries = append(entries, docOf(s))
		}
		return f.printJSON(entries)
	}
	colors := f.outPalette()
	family := ""
	for _, s := range library.Signatures() {
		if s.Receiver != "" && s.Name == "replace" {
			continue // every value has it
		}
		if s.Family != family {
			family = s.Family
			fmt.Fprintf(f.streams.Out, "%s\n", colors.bold(family))
		}
		fmt.Fprintf(f.streams.Out, "  %-36s %s\n", docName(s), s.Summary)
	}
	fmt.Fprintf(f.streams.Out, "%s\n", colors.bold("constants"))
	for _, c := range library.Constants() {
		fmt.Fprintf(f.streams.Out, "  %-36s %s\n", c.Name, c.Doc)
	}
	_, err := fmt.Fprintln(f.streams.Out, "\nEvery value has .replace(**fields), which gives a copy with the given arguments changed.\n`harmonyscript doc NAME` describes one of them.")
	return err
}

func docOf(s *builtins.Signature) docEntry {
	entry := docEntry{
		Name: s.Name, Family: s.Family, Receiver: s.Receiver, Summary: s.Summary, Doc: s.Doc,
		Example: s.Example, Result: s.Result, Arguments: []docArgument{},
	}
	for _, a := range s.Arguments {
		entry.Arguments = append(entry.Arguments, docArgument{
			Name: a.Name, Type: fmt.Sprint(a.Type), Required: a.Required, Default: a.DefaultText(), Doc: a.Doc, Values: a.Values,
		})
	}
	return entry
}

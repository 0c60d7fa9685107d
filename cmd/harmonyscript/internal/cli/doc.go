// SPDX-License-Identifier: Apache-2.0

package cli

// This file holds the verb `doc`.

import (
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/harmonyscript/harmonyscript/builtins"
	"github.com/harmonyscript/harmonyscript/runtime/deployment"
	"github.com/harmonyscript/harmonyscript/runtime/diag"
	"github.com/harmonyscript/harmonyscript/runtime/score"
)

func newDocCommand(f *factory) *cobra.Command {
	command := &cobra.Command{
		Use:   "doc [NAME | MODULE [NAME]]",
		Short: "Describe what scripts can call",
		Long: `Lists what scripts can call, or describes one of them: its arguments, their defaults, an example.

versions is the table of what each version of the monitoring API supports, checks the one of all that check finds.

A module of the standard library is called as load() calls it; with a name behind it one of its functions is described.
@stdlib// lists them all.`,
		Example: "  harmonyscript doc\n  harmonyscript doc discord\n  harmonyscript doc versions\n  harmonyscript doc checks\n" +
			"  harmonyscript doc @stdlib//\n  harmonyscript doc @stdlib//alerts/node.star node",
		Args: func(c *cobra.Command, arguments []string) error {
			if len(arguments) > 0 && namesModules(arguments[0]) {
				return atMost(2, "at most a module and one of its names")(c, arguments)
			}
			return atMost(1, "at most one name")(c, arguments)
		},
		RunE: func(c *cobra.Command, arguments []string) error {
			if len(arguments) > 0 && namesModules(arguments[0]) {
				return f.docModules(c.Context(), arguments)
			}
			return runDoc(f, arguments)
		},
		ValidArgsFunction: func(c *cobra.Command, arguments []string, _ string) ([]string, cobra.ShellCompDirective) {
			return completeDoc(c.Context(), arguments), cobra.ShellCompDirectiveNoFileComp
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
	// CarriedBy are the versions of the monitoring API that carry a channel; it is told of a single entry alone.
	CarriedBy []string `json:"carried_by,omitempty"`
}

// channelResult is what constructors of channels give.
const channelResult = "alert_channel"

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
	if name == checksTopic {
		return f.docChecks()
	}
	if name == versionsTopic {
		return f.docVersions()
	}
	for _, s := range library.Signatures() {
		if docName(s) == name {
			if f.json() {
				entry := docOf(s)
				if s.Result == channelResult && s.Receiver == "" {
					registry, err := deployment.DefaultRegistry()
					if err != nil {
						return err
					}
					for _, version := range registry.Carriers(s.Name, "") {
						entry.CarriedBy = append(entry.CarriedBy, version.String())
					}
				}
				return f.printJSON(entry)
			}
			note, err := carriersNote(s)
			if err != nil {
				return err
			}
			_, err = fmt.Fprint(f.streams.Out, s.Help(), note)
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
	if near := diag.Nearest(name, append(docNames(library), versionsTopic, checksTopic)); near != "" {
		hint = fmt.Sprintf("did you mean %q?", near)
	}
	return wrongCall("doc: got unknown name %q; %s", name, hint)
}

// carriersNote says which versions of the monitoring API carry a channel, and which of its settings not all of them
// do. It is found out by asking their senders.
func carriersNote(s *builtins.Signature) (string, error) {
	if s.Result != channelResult || s.Receiver != "" {
		return "", nil
	}
	registry, err := deployment.DefaultRegistry()
	if err != nil {
		return "", err
	}
	all := registry.Carriers(s.Name, "")
	if len(all) == 0 {
		return "\nCarried by: no version of the monitoring API yet\n", nil
	}
	note := fmt.Sprintf("\nCarried by: %s\n", versionList(all))
	for _, a := range s.Arguments {
		if a.Name == "name" || a.Name == "matchers" {
			continue
		}
		if some := registry.Carriers(s.Name, strings.TrimSuffix(a.Name, "_")); len(some) == 0 {
			note += fmt.Sprintf("  but %s by none of them\n", a.Name)
		} else if len(some) < len(all) {
			note += fmt.Sprintf("  but %s only by %s\n", a.Name, versionList(some))
		}
	}
	return note, nil
}

func versionList(versions []score.APIVersion) string {
	names := make([]string, len(versions))
	for i, version := range versions {
		names[i] = version.String()
	}
	return strings.Join(names, ", ")
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
	_, err := fmt.Fprintln(f.streams.Out, "\nEvery value has .replace(**fields), which gives a copy with the given arguments changed.\n`harmonyscript doc NAME` describes one of them, `harmonyscript doc versions` compares the versions, `harmonyscript doc @stdlib//` lists the standard library.")
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

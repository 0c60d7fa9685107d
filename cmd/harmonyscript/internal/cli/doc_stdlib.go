// SPDX-License-Identifier: Apache-2.0

package cli

// This file describes the modules of the standard library for the verb `doc`.

import (
	"context"
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/harmonyscript/harmonyscript/builtins"
	"github.com/harmonyscript/harmonyscript/runtime/diag"
	"github.com/harmonyscript/harmonyscript/runtime/moduledoc"
)

// namesModules reports whether a name is one of the standard library: "@stdlib//alerts/node.star", or a part of it.
func namesModules(name string) bool { return strings.HasPrefix(name, "@") }

// completeDoc lists what can stand behind the arguments that are there.
func completeDoc(ctx context.Context, arguments []string) []string {
	switch len(arguments) {
	case 0:
		return append(append(docNames(builtins.Standard()), versionsTopic, checksTopic), moduledoc.Names()...)
	case 1:
		if !namesModules(arguments[0]) {
			return nil
		}
		if m, err := moduledoc.Read(ctx, arguments[0]); err == nil {
			return functionNames(m)
		}
	}
	return nil
}

// docModules describes a module, or one of its functions. "@stdlib//", and a folder such as "@stdlib//alerts", list what is there.
func (f *factory) docModules(ctx context.Context, arguments []string) error {
	name, names := arguments[0], moduledoc.Names()
	if !slices.Contains(names, name) {
		inside := modulesIn(name, names)
		if len(inside) == 0 || len(arguments) > 1 {
			return unknownModule(name, names)
		}
		return f.listModules(ctx, inside)
	}
	m, err := moduledoc.Read(ctx, name)
	if err != nil {
		return err
	}
	if len(arguments) > 1 {
		function, ok := m.Function(arguments[1])
		if !ok {
			return wrongCall("doc: got unknown name %q in %s; %s", arguments[1], name, nearestIn(arguments[1], functionNames(m), fmt.Sprintf("`harmonyscript doc %s` lists what there is", name)))
		}
		if f.json() {
			return f.printJSON(function)
		}
		_, err = fmt.Fprint(f.streams.Out, functionHelp(m, function))
		return err
	}
	if f.json() {
		return f.printJSON(m)
	}
	_, err = fmt.Fprint(f.streams.Out, moduleHelp(m, f.outPalette()))
	return err
}

// modulesIn returns the names of the modules of a folder; "@stdlib//" is all of them.
func modulesIn(folder string, names []string) []string {
	folder = strings.TrimRight(folder, "/")
	if folder == strings.TrimRight(moduledoc.Prefix, "/") {
		return names
	}
	return slices.DeleteFunc(slices.Clone(names), func(name string) bool {
		return path.Dir(name) != path.Clean(folder) && !strings.HasPrefix(name, folder+"/")
	})
}

func unknownModule(name string, names []string) error {
	known := append([]string{moduledoc.Prefix}, names...)
	return wrongCall("doc: got unknown module %q; %s", name, nearestIn(name, known, "`harmonyscript doc "+moduledoc.Prefix+"` lists what there is"))
}

// nearestIn proposes the name that was perhaps meant, and otherwise says where all are.
func nearestIn(name string, names []string, otherwise string) string {
	if near := diag.Nearest(name, names); near != "" {
		return fmt.Sprintf("did you mean %q?", near)
	}
	return otherwise
}

func functionNames(m *moduledoc.Module) []string {
	names := make([]string, len(m.Functions))
	for i, f := range m.Functions {
		names[i] = f.Name
	}
	return names
}

func (f *factory) listModules(ctx context.Context, names []string) error {
	modules := make([]*moduledoc.Module, len(names))
	for i, name := range names {
		m, err := moduledoc.Read(ctx, name)
		if err != nil {
			return err
		}
		modules[i] = m
	}
	if f.json() {
		return f.printJSON(modules)
	}
	for _, m := range modules {
		fmt.Fprintf(f.streams.Out, "  %-42s %s\n", m.Name, m.Summary)
	}
	_, err := fmt.Fprintln(f.streams.Out, "\n`harmonyscript doc MODULE` describes one of them, `harmonyscript doc MODULE NAME` a function.")
	return err
}

func moduleHelp(m *moduledoc.Module, colors palette) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s\n\n%s\n", colors.bold(m.Name), m.Summary)
	if m.Doc != "" {
		fmt.Fprintf(&b, "\n%s\n", m.Doc)
	}
	fmt.Fprint(&b, "\nFunctions:\n")
	for _, f := range m.Functions {
		fmt.Fprintf(&b, "  %s\n      %s\n", f.Name, f.Summary)
	}
	if len(m.Requires) > 0 {
		fmt.Fprintf(&b, "\nIts rules read these metrics:\n  %s\n", strings.Join(m.Requires, "\n  "))
	}
	fmt.Fprintf(&b, "\n`harmonyscript doc %s NAME` describes a function.\n", m.Name)
	return b.String()
}

// functionHelp has the form of a builtin's help.
func functionHelp(m *moduledoc.Module, f moduledoc.Function) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s\n\n%s\n", f.Header(), f.Summary)
	if f.Doc != "" {
		fmt.Fprintf(&b, "\n%s\n", f.Doc)
	}
	if len(f.Arguments) > 0 {
		fmt.Fprint(&b, "\nArguments:\n")
	}
	for _, a := range f.Arguments {
		note := ""
		switch {
		case a.Required:
			note = " (required)"
		case a.Default != "":
			note = " (default " + a.Default + ")"
		}
		fmt.Fprintf(&b, "  %s%s\n      %s\n", a.Name, note, a.Doc)
	}
	if f.Returns != "" {
		fmt.Fprintf(&b, "\nGives: %s\n", f.Returns)
	}
	if f.Example != "" {
		fmt.Fprintf(&b, "\nExample:\n  %s\n", strings.ReplaceAll(f.Example, "\n", "\n  "))
	}
	fmt.Fprintf(&b, "\nIt is loaded by:\n  load(%q, %q)\n", m.Name, f.Name)
	return b.String()
}

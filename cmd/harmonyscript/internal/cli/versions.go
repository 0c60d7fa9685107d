// SPDX-License-Identifier: Apache-2.0

package cli

// This file prints the table of what each version of the monitoring API supports, which is docs/versions.md, too.

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/harmonyscript/harmonyscript/builtins"
	"github.com/harmonyscript/harmonyscript/runtime/deployment"
)

// versionsTopic is the name under which `doc` prints the table.
const versionsTopic = "versions"

func (f *factory) docVersions() error {
	registry, err := deployment.DefaultRegistry()
	if err != nil {
		return err
	}
	table := deployment.VersionTable(registry, builtins.Standard())
	if f.json() {
		return f.printJSON(table)
	}
	return writeVersions(f.streams.Out, table)
}

// writeVersions prints the table as Markdown.
func writeVersions(w io.Writer, table *deployment.Versions) error {
	p := &markdown{w: w}
	p.line("# The versions of the monitoring API")
	p.line("")
	p.line("`api_version` of a `monitoring_stack` chooses one; the rest of the script stays as it is. What a version cannot express is")
	p.line("refused by `harmonyscript check` at the line that asks for it. `harmonyscript migrate SCRIPT --to VERSION` tells what a script")
	p.line("would lose or need in another one. `harmonyscript doc versions` prints this page.")
	p.line("")
	p.line("| version | is | needs in the cluster |")
	p.line("|---|---|---|")
	for _, c := range table.Columns {
		p.line("| `%s` | %s | %s |", c.Name, c.Summary, strings.Join(c.Requires, ", "))
	}
	p.table("What a script can ask for", "", table, table.Features)
	p.table("Where alerts can go", "", table, table.Channels)
	if len(p.notes) > 0 {
		p.line("")
		p.line("## Notes")
		p.line("")
		for i, note := range p.notes {
			p.line("%d. %s", i+1, note)
		}
	}
	return p.err
}

// markdown writes lines and collects footnotes, each once.
type markdown struct {
	w     io.Writer
	notes []string
	err   error
}

func (m *markdown) line(format string, arguments ...any) {
	if m.err == nil {
		_, m.err = fmt.Fprintf(m.w, format+"\n", arguments...)
	}
}

func (m *markdown) table(title, lead string, table *deployment.Versions, rows []deployment.VersionRow) {
	m.line("")
	m.line("## %s", title)
	m.line("")
	if lead != "" {
		m.line("%s\n", lead)
	}
	head, rule := "| |", "|---|"
	for _, c := range table.Columns {
		head += " `" + c.Name + "` |"
		rule += "---|"
	}
	m.line("%s |", head)
	m.line("%s---|", rule)
	for _, r := range rows {
		cells := ""
		for _, c := range r.Cells {
			cells += " " + m.cell(c) + " |"
		}
		m.line("| %s |%s %s |", scriptName(r.Name), cells, r.Summary)
	}
}

func (m *markdown) cell(c deployment.VersionCell) string {
	text := "no"
	if c.Supported {
		text = "yes"
	}
	var numbers []string
	for _, note := range c.Notes {
		at := slices.Index(m.notes, note)
		if at < 0 {
			at = len(m.notes)
			m.notes = append(m.notes, note)
		}
		numbers = append(numbers, fmt.Sprint(at+1))
	}
	if len(numbers) > 0 {
		text += " (" + strings.Join(numbers, ", ") + ")"
	}
	return text
}

// scriptName writes "monitoring_stack.shards" as the argument that it is.
func scriptName(name string) string {
	call, argument, found := strings.Cut(name, ".")
	switch {
	case !found:
		return "`" + name + "`"
	case call == "tenant_monitoring":
		return fmt.Sprintf("`%s(mode = %q)`", call, argument)
	default:
		return fmt.Sprintf("`%s(%s = …)`", call, argument)
	}
}

// SPDX-License-Identifier: Apache-2.0

// This file finds templates of alerts that parse and cannot say what they are meant to.

package check

import (
	"fmt"
	"maps"
	"strings"
	"text/template/parse"

	"github.com/harmonyscript/harmonyscript/runtime/score"
)

// templateUse is what a template of an alert refers to.
type templateUse struct {
	// labels are those of the result that it reads.
	labels []selected
	// values are the places where it prints the value of the result.
	values []selected
}

// useWalk goes through a template. Its places count the declarations that stand in front of the text.
type useWalk struct {
	use    *templateUse
	text   string
	before int
}

// list visits the nodes of a list; top says that the dot is still the alert.
func (w *useWalk) list(list *parse.ListNode, top bool) {
	if list == nil {
		return
	}
	for _, node := range list.Nodes {
		switch n := node.(type) {
		case *parse.ActionNode:
			w.pipe(n.Pipe, top, len(n.Pipe.Decl) == 0 && !givesTruth(n.Pipe))
		case *parse.IfNode:
			w.pipe(n.Pipe, top, false)
			w.list(n.List, top)
			w.list(n.ElseList, top)
		case *parse.WithNode:
			w.pipe(n.Pipe, top, false)
			w.list(n.List, false)
			w.list(n.ElseList, top)
		case *parse.RangeNode:
			w.pipe(n.Pipe, top, false)
			w.list(n.List, false)
			w.list(n.ElseList, top)
		case *parse.TemplateNode:
			w.pipe(n.Pipe, top, false)
		}
	}
}

// givesTruth reports whether an action prints true or false.
func givesTruth(pipe *parse.PipeNode) bool {
	last := pipe.Cmds[len(pipe.Cmds)-1]
	name, ok := last.Args[0].(*parse.IdentifierNode)
	return ok && strings.Contains(" eq ne lt le gt ge and or not match ", " "+name.Ident+" ")
}

func (w *useWalk) pipe(pipe *parse.PipeNode, top, printed bool) {
	if pipe == nil {
		return
	}
	for _, command := range pipe.Cmds {
		for i, argument := range command.Args {
			switch a := argument.(type) {
			case *parse.VariableNode:
				w.name(a.Ident, a.Position(), printed)
			case *parse.FieldNode:
				if top {
					w.name(append([]string{""}, a.Ident...), a.Position(), printed)
				}
			case *parse.PipeNode:
				w.pipe(a, top, printed && !givesTruth(a))
			case *parse.StringNode:
				if i == 2 && isIndexOfLabels(command) {
					w.use.labels = append(w.use.labels, selected{a.Text, int(a.Position()) - w.before, len(a.Quoted)})
				}
			}
		}
	}
}

func isIndexOfLabels(command *parse.CommandNode) bool {
	name, isName := command.Args[0].(*parse.IdentifierNode)
	variable, isVariable := command.Args[1].(*parse.VariableNode)
	return isName && name.Ident == "index" && isVariable && len(variable.Ident) == 1 && variable.Ident[0] == "$labels"
}

// name remembers $labels.x, .Labels.x, $value and .Value. The parser's place is that of the last dot or of the variable.
func (w *useWalk) name(ident []string, at parse.Pos, printed bool) {
	spelled := strings.Join(ident, ".")
	start := strings.LastIndex(w.text[:min(int(at)+len(spelled), len(w.text))], spelled)
	if start < w.before {
		return
	}
	place := selected{ident[len(ident)-1], start - w.before, len(spelled)}
	switch {
	case len(ident) == 2 && ident[0] == "$labels", len(ident) == 3 && ident[0] == "" && ident[1] == "Labels":
		w.use.labels = append(w.use.labels, place)
	case printed && (len(ident) == 1 && ident[0] == "$value" || len(ident) == 2 && ident[0] == "" && ident[1] == "Value"):
		w.use.values = append(w.use.values, place)
	}
}

// templateLints reports on the templates of one dict of an alert.
func (c *checker) templateLints(who string, rule score.Rule, texts map[string]string, argument string) {
	result := c.expression(rule.Expr).shape
	if argument != "labels" && !result.closed && len(result.names) == 0 {
		return // any label may be there
	}
	for _, name := range sortedKeys(texts) {
		text := texts[name]
		if !strings.Contains(text, "{{") {
			continue
		}
		used := &c.alertText(text).use
		told := map[string]bool{}
		for _, label := range used.labels {
			if result.may(label.name) || told[label.name] {
				continue
			}
			told[label.name] = true
			p := problem{
				code: "label-not-in-result", origin: rule.Origin, argument: entry(argument, name), value: text, part: true, offset: label.offset, length: label.length,
				summary: fmt.Sprintf("%s: %s: got the label %s, which no series of the expression has", who, entry(argument, name), label.name),
				fix:     fmt.Sprintf("keep %s in the aggregation of expr, or leave it out of the text", label.name),
			}
			if result.closed && len(result.names) > 0 {
				p.detail = "The expression gives the labels " + result.list() + "."
			}
			if _, own := rule.Labels[label.name]; own {
				p.detail = "$labels are those of the expression's result; the rule's own labels are not among them."
				p.fix = "write the value itself"
			}
			c.report(p)
		}
		if argument == "labels" && len(used.values) > 0 {
			at := used.values[0]
			c.report(problem{
				code: "value-in-label", origin: rule.Origin, argument: entry(argument, name), value: text, part: true, offset: at.offset, length: at.length,
				summary: fmt.Sprintf("%s: %s: got the value in a label, so every change of it ends the alert and begins another", who, entry(argument, name)),
				fix:     "put it into an annotation",
			})
		}
	}
}

// withLabels returns the labels of a rule with those of its group, which it overrides.
func withLabels(group, rule map[string]string) map[string]string {
	if len(group) == 0 {
		return rule
	}
	all := maps.Clone(group)
	maps.Copy(all, rule)
	return all
}

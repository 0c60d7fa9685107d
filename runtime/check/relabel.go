// SPDX-License-Identifier: Apache-2.0

// This file checks relabelings, with the code of Prometheus that runs them.

package check

import (
	"fmt"
	"slices"
	"strings"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/relabel"

	"github.com/harmonyscript/harmonyscript/runtime/score"
)

// relabeling checks one step. origin and argument are where it is used, for a step without a place.
func (c *checker) relabeling(who string, r score.Relabeling, origin score.Origin, argument string, metric bool) {
	at := func(name string) (score.Origin, string) {
		if r.Origin.Position().IsValid() {
			return r.Origin, name
		}
		return origin, argument
	}
	report := func(code, name, summary, fix string) {
		p := problem{code: code, summary: who + ": " + summary, fix: fix}
		p.origin, p.argument = at(name)
		c.report(p)
	}
	regex, err := relabel.NewRegexp(r.Regex)
	if r.Regex == "" || r.Regex == "(.*)" {
		regex, err = relabel.DefaultRelabelConfig.Regex, nil
	}
	if err != nil {
		report("invalid-relabeling", "regex", fmt.Sprintf("regex: got %s: %v", shown(r.Regex), trimmedRegexError(err)), "")
		return
	}
	config := relabel.Config{
		Action: relabel.Action(strings.ToLower(r.Action)), Regex: regex, TargetLabel: r.TargetLabel, Modulus: uint64(max(r.Modulus, 0)),
		Separator: relabel.DefaultRelabelConfig.Separator, Replacement: relabel.DefaultRelabelConfig.Replacement, NameValidationScheme: model.UTF8Validation,
	}
	if r.Action == "" {
		config.Action = relabel.Replace
	}
	if r.Separator != nil {
		config.Separator = *r.Separator
	}
	if r.Replacement != nil {
		config.Replacement = *r.Replacement
	}
	for _, label := range r.SourceLabels {
		if !validLabelName(label) {
			report("invalid-relabeling", "source_labels", fmt.Sprintf("source_labels: got %s, want names of labels", shown(label)), "")
			return
		}
		config.SourceLabels = append(config.SourceLabels, model.LabelName(label))
	}
	if err := config.Validate(model.UTF8Validation); err != nil {
		name, fix := relabelArgument(err.Error())
		report("invalid-relabeling", name, err.Error(), fix)
		return
	}
	c.uselessRelabeling(r, config, metric, report)
}

// trimmedRegexError leaves out the anchors that Prometheus puts around an expression.
func trimmedRegexError(err error) string {
	return strings.NewReplacer("^(?s:", "", ")$", "").Replace(err.Error())
}

// relabelArgument returns the argument that Prometheus complains of.
func relabelArgument(message string) (argument, fix string) {
	for _, known := range []struct{ text, argument, fix string }{
		{"modulus", "modulus", "add modulus = 8"},
		{"requires 'target_label'", "action", "add target_label"},
		{"target_label", "target_label", ""},
		{"replacement", "replacement", ""},
		{"source_labels", "source_labels", ""},
		{"labeldrop", "action", "leave everything but regex out"},
		{"labelkeep", "action", "leave everything but regex out"},
	} {
		if strings.Contains(message, known.text) {
			return known.argument, known.fix
		}
	}
	return "action", ""
}

// uselessRelabeling finds steps that Prometheus takes and that cannot do what they are for.
func (c *checker) uselessRelabeling(r score.Relabeling, config relabel.Config, metric bool, report func(code, name, summary, fix string)) {
	everything := r.Regex == "" || r.Regex == ".*" || r.Regex == "(.*)"
	switch {
	case config.Action == relabel.Drop && everything:
		report("relabeling-drops-everything", "action", "got the action drop and an expression that matches everything, so that nothing is left", `say what to drop: regex = "…"`)
	case config.Action == relabel.Keep && everything:
		report("relabeling-without-effect", "action", "got the action keep and an expression that matches everything, so that it drops nothing", `say what to keep: regex = "…"`)
	case config.Action == relabel.LabelKeep && !config.Regex.MatchString(model.MetricNameLabel) && metric:
		report("relabeling-drops-everything", "regex", "labelkeep drops __name__, and no series is left without its name", `write regex = "__name__|`+r.Regex+`"`)
	case config.Action == relabel.LabelDrop && metric && config.Regex.MatchString(model.MetricNameLabel):
		report("relabeling-drops-everything", "regex", "labeldrop drops __name__, and no series is left without its name", "leave __name__ out of the expression")
	case metric && slices.ContainsFunc(r.SourceLabels, isTargetOnly):
		report("relabeling-too-late", "source_labels", "got labels of the target, which are gone once it has been scraped", "move it into relabelings, and copy the value to a label of its own there")
	}
}

// isTargetOnly reports whether a label is dropped from a target before its series are relabeled.
func isTargetOnly(label string) bool {
	return strings.HasPrefix(label, model.ReservedLabelPrefix) && label != model.MetricNameLabel
}

// SPDX-License-Identifier: Apache-2.0

// This file judges the templates of channels, which Alertmanager expands.

package check

import (
	"errors"
	"fmt"
	htmltemplate "html/template"
	"maps"
	"slices"
	"strings"
	texttemplate "text/template"

	receivertemplate "github.com/prometheus/alertmanager/template"

	"github.com/harmonyscript/harmonyscript/runtime/diag"
	"github.com/harmonyscript/harmonyscript/runtime/score"
)

const receiverTemplateDetail = "Alertmanager's templates have .Status, .Alerts, .CommonLabels, .CommonAnnotations, .GroupLabels, .ExternalURL and the functions of its template reference."

// builtinFunctions are those of Go's own templates, for proposals.
var builtinFunctions = []string{"and", "call", "eq", "ge", "gt", "html", "index", "js", "le", "len", "lt", "ne", "not", "or", "print", "printf", "println", "slice", "urlquery"}

// receiverTemplate returns what is wrong with a template of a channel: that it does not parse, or that it asks for
// what Alertmanager does not give it.
func (c *checker) receiverTemplate(text string) []*templateProblem {
	if !strings.Contains(text, "{{") {
		return nil
	}
	if known, ok := c.receiverTemplates[text]; ok {
		return known
	}
	found := c.judgeReceiverTemplate(text)
	c.receiverTemplates[text] = found
	return found
}

func (c *checker) judgeReceiverTemplate(text string) []*templateProblem {
	if len(text) > maxTemplate {
		return []*templateProblem{{message: fmt.Sprintf("got a template of %d bytes, want at most %d", len(text), maxTemplate), length: len(text)}}
	}
	parsed, err := texttemplate.New(templateName).Funcs(texttemplate.FuncMap(receivertemplate.DefaultFuncs)).Parse(text)
	if err != nil {
		found := locateTemplateError(text, err)
		found.message = "the template does not parse: " + found.message
		proposeTemplateFix(found)
		return []*templateProblem{found}
	}
	return newTemplateWalk(c, text, parsed).walk()
}

// proposeTemplateFix knows the mistakes that people make who know the templates of alert rules.
func proposeTemplateFix(found *templateProblem) {
	_, rest, _ := strings.Cut(found.message, `function "`)
	if name, _, isFunction := strings.Cut(rest, `" not defined`); isFunction {
		names := slices.Concat(builtinFunctions, slices.Sorted(maps.Keys(receivertemplate.DefaultFuncs)))
		if near := diag.Nearest(name, names); near != "" {
			found.fix = fmt.Sprintf("did you mean %s?", near)
		}
	}
	switch {
	case strings.Contains(found.message, `undefined variable "$labels"`):
		found.fix = "write .CommonLabels, or range over .Alerts and take .Labels of each: $labels belongs to the templates of rules"
	case strings.Contains(found.message, `undefined variable "$value"`):
		found.fix = "put the value into an annotation of the rule, and show that: $value belongs to the templates of rules"
	}
}

// defaultTemplate reports whether Alertmanager ships a template of this name.
func (c *checker) defaultTemplate(name string) bool {
	if known, ok := c.defaultTemplates[name]; ok {
		return known
	}
	if c.shipped == nil {
		shipped, err := receivertemplate.FromGlobs(nil)
		if err != nil {
			return true // it is not the script's fault
		}
		c.shipped = shipped
	}
	// An HTML template looks at all of its branches before it runs, so this one runs none.
	_, err := c.shipped.ExecuteHTMLString(fmt.Sprintf("{{ if false }}{{ template %q . }}{{ end }}", name), nil)
	var unknown *htmltemplate.Error
	known := !errors.As(err, &unknown) || unknown.ErrorCode != htmltemplate.ErrNoSuchTemplate
	c.defaultTemplates[name] = known
	return known
}

// template checks a text of a channel as a template.
func (c *checker) template(who, text string, origin score.Origin, argument string) {
	for _, found := range c.receiverTemplate(text) {
		c.report(problem{
			code: "invalid-template", origin: origin, argument: argument, value: text,
			part: true, offset: found.offset, length: found.length,
			summary: who + ": " + found.message, detail: receiverTemplateDetail, fix: found.fix,
		})
	}
}

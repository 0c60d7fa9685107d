// SPDX-License-Identifier: Apache-2.0

// This file judges the templates of alerts, which Prometheus expands, and finds the places of errors in templates.

package check

import (
	"context"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"text/template/parse"

	"github.com/prometheus/prometheus/promql"
	alerttemplate "github.com/prometheus/prometheus/template"

	"github.com/harmonyscript/harmonyscript/runtime/score"
)

// maxTemplate is the longest template that is parsed, in bytes.
const maxTemplate = 50_000

// templateName is what the parsers call every template in their errors.
const templateName = "harmonyscript"

// variables are what Prometheus puts in front of every template of an alert.
const variables = "{{$labels := .Labels}}{{$externalLabels := .ExternalLabels}}{{$externalURL := .ExternalURL}}{{$value := .Value}}"

// templateProblem says what is wrong with a template, where, and what to do.
type templateProblem struct {
	message        string
	offset, length int
	fix            string
}

// alertText is what there is to say about one text of an alert, wherever it stands.
type alertText struct {
	// problem is nil for a text that Prometheus takes.
	problem *templateProblem
	// use is what the text refers to.
	use templateUse
}

// plainText is the judgement of every text without a template in it.
var plainText alertText

func (c *checker) alertText(text string) *alertText {
	if !strings.Contains(text, "{{") {
		return &plainText
	}
	if known, ok := c.alertTexts[text]; ok {
		return known
	}
	judged := judgeAlertText(text)
	c.alertTexts[text] = judged
	return judged
}

// judgeAlertText parses a template, once for all that is asked of it. Prometheus' own parser makes some thirty functions anew
// for each text, so it is only asked for what it says of a text that does not parse.
func judgeAlertText(text string) *alertText {
	if len(text) > maxTemplate {
		return &alertText{problem: &templateProblem{message: fmt.Sprintf("got a template of %d bytes, want at most %d", len(text), maxTemplate), length: len(text)}}
	}
	judged := &alertText{}
	declared := declarations(text)
	parsed, err := parse.New(templateName).Parse(declared+text, "", "", map[string]*parse.Tree{}, alertFunctions())
	if err != nil {
		data := alerttemplate.AlertTemplateData(map[string]string{}, map[string]string{}, "", promql.Sample{})
		if err := alerttemplate.NewTemplateExpander(context.Background(), variables+text, templateName, data, 0, nil, nil, nil).ParseTest(); err != nil {
			judged.problem = locateTemplateError(text, err)
		}
		// What a text with a misspelt function refers to is told all the same.
		tree := parse.New(templateName)
		tree.Mode = parse.SkipFuncCheck
		parsed, err = tree.Parse(declared+text, "", "", map[string]*parse.Tree{})
	}
	if err == nil && parsed.Root != nil {
		w := useWalk{use: &judged.use, text: declared + text, before: len(declared)}
		w.list(parsed.Root, true)
	}
	return judged
}

// declarations returns those of the variables that a text speaks of.
func declarations(text string) string {
	declared := ""
	for declaration := range strings.SplitAfterSeq(variables, "}}") {
		if name, _, _ := strings.Cut(strings.TrimPrefix(declaration, "{{"), " "); name != "" && strings.Contains(text, name) {
			declared += declaration
		}
	}
	return declared
}

// alertFunctions returns the names of the functions that templates of alerts have, as the parser wants them.
var alertFunctions = sync.OnceValue(func() map[string]any {
	names := functionNames{}
	alerttemplate.RegisterFeatures(names)
	for _, name := range builtinFunctions {
		names[name] = true
	}
	return names
})

// functionNames collects what Prometheus calls its features: the functions of templates.
type functionNames map[string]any

// Enable adds a name.
func (n functionNames) Enable(_, name string) { n[name] = true }

// Disable takes a name away.
func (n functionNames) Disable(_, name string) { delete(n, name) }

// Set adds a name or takes it away.
func (n functionNames) Set(category, name string, enabled bool) {
	if enabled {
		n.Enable(category, name)
	} else {
		n.Disable(category, name)
	}
}

// Get returns nothing: nobody asks a collector of names.
func (functionNames) Get() map[string]map[string]bool { return nil }

var templateError = regexp.MustCompile(`(?s)template: [^:]*:(\d+):(?:\d+:)? (.*)$`)

// locateTemplateError finds the line that the error names, and inside it the action that it speaks of.
func locateTemplateError(text string, err error) *templateProblem {
	found := &templateProblem{message: err.Error(), length: len(text)}
	match := templateError.FindStringSubmatch(err.Error())
	if match == nil {
		return found
	}
	found.message = match[2]
	line, err := strconv.Atoi(match[1])
	if err != nil {
		return found
	}
	start := 0
	for range line - 1 {
		next := strings.IndexByte(text[start:], '\n')
		if next < 0 {
			return found
		}
		start += next + 1
	}
	end := len(text)
	if next := strings.IndexByte(text[start:], '\n'); next >= 0 {
		end = start + next
	}
	found.offset, found.length = start, end-start
	// The parser says which line, and often what; the action that has it is the better place.
	named := regexp.MustCompile(`"([^"]+)"`).FindStringSubmatch(found.message)
	for at := strings.Index(text[start:end], "{{"); at >= 0; {
		close := strings.Index(text[start+at:end], "}}")
		action := text[start+at : end]
		if close >= 0 {
			action = text[start+at : start+at+close+2]
		}
		if close < 0 || named != nil && strings.Contains(action, named[1]) {
			found.offset, found.length = start+at, len(action)
			break
		}
		next := strings.Index(text[start+at+len(action):end], "{{")
		if next < 0 {
			break
		}
		at += len(action) + next
	}
	return found
}

const alertTemplateDetail = "Prometheus' templates have $labels, $value and the functions of its template reference."

// alertTemplates checks the values of an alert's labels or annotations.
func (c *checker) alertTemplatesOf(who string, rule score.Rule, texts map[string]string, argument string) {
	for _, name := range sortedKeys(texts) {
		if found := c.alertText(texts[name]).problem; found != nil {
			c.templateProblem(who+": "+entry(argument, name), rule.Origin, entry(argument, name), texts[name], found,
				alertTemplateDetail)
		}
	}
}

func (c *checker) templateProblem(who string, origin score.Origin, argument, text string, found *templateProblem, detail string) {
	c.report(problem{
		code: "invalid-template", origin: origin, argument: argument, value: text,
		part: true, offset: found.offset, length: found.length,
		summary: fmt.Sprintf("%s: the template does not parse: %s", who, found.message), detail: detail,
	})
}

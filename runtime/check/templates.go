// SPDX-License-Identifier: Apache-2.0

// This file judges templates: those of alerts, which Prometheus expands, and those of channels, which
// Alertmanager expands.

package check

import (
	"context"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	texttemplate "text/template"

	receivertemplate "github.com/prometheus/alertmanager/template"
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

// templateProblem says what is wrong with a template and where its line begins.
type templateProblem struct {
	message        string
	offset, length int
}

func (c *checker) alertTemplate(text string) *templateProblem {
	return remember(c.alertTemplates, text, func() error {
		data := alerttemplate.AlertTemplateData(map[string]string{}, map[string]string{}, "", promql.Sample{})
		return alerttemplate.NewTemplateExpander(context.Background(), variables+text, templateName, data, 0, nil, nil, nil).ParseTest()
	})
}

func (c *checker) receiverTemplate(text string) *templateProblem {
	return remember(c.receiverTemplates, text, func() error {
		_, err := texttemplate.New(templateName).Funcs(texttemplate.FuncMap(receivertemplate.DefaultFuncs)).Parse(text)
		return err
	})
}

func remember(known map[string]*templateProblem, text string, parse func() error) *templateProblem {
	if !strings.Contains(text, "{{") {
		return nil
	}
	if found, ok := known[text]; ok {
		return found
	}
	var found *templateProblem
	if len(text) > maxTemplate {
		found = &templateProblem{message: fmt.Sprintf("got a template of %d bytes, want at most %d", len(text), maxTemplate), length: len(text)}
	} else if err := parse(); err != nil {
		found = locateTemplateError(text, err)
	}
	known[text] = found
	return found
}

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

// alertTemplates checks the values of an alert's labels or annotations.
func (c *checker) alertTemplatesOf(who string, rule score.Rule, texts map[string]string, argument string) {
	for _, name := range sortedKeys(texts) {
		if found := c.alertTemplate(texts[name]); found != nil {
			c.templateProblem(who+": "+entry(argument, name), rule.Origin, entry(argument, name), texts[name], found,
				"Prometheus' templates have $labels, $value and the functions of its template reference.")
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

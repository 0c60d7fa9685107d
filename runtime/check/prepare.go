// SPDX-License-Identifier: Apache-2.0

// This file judges the texts of rules on all cores, before the scores are looked at one after the other: parsing is most of the
// work of a check, what comes of it depends on the text alone, and the order of the problems is that of the scores.

package check

import (
	"runtime"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/harmonyscript/harmonyscript/runtime/score"
)

// fewTexts are judged sooner than goroutines are started for them.
const fewTexts = 16

// prepare fills what is remembered of expressions and templates.
func (c *checker) prepare(scores []score.Score) {
	workers := runtime.GOMAXPROCS(0)
	if workers < 2 {
		return // each text is judged when it is come across
	}
	g := gathering{groups: map[rulesKey]bool{}, rules: map[*score.Rule]bool{}, known: map[string]bool{}}
	for _, s := range scores {
		switch s := s.(type) {
		case score.MonitoringStack:
			g.stack(s)
		case score.TenantMonitoring:
			g.stack(s.Stack)
		}
	}
	if len(g.texts) < fewTexts {
		return
	}
	judged := make([]judgement, len(g.texts))
	var (
		next  atomic.Int64
		group sync.WaitGroup
	)
	for range min(workers, len(g.texts)/fewTexts+1) {
		group.Go(func() {
			for {
				i := int(next.Add(1)) - 1
				if i >= len(g.texts) {
					return
				}
				judged[i] = g.texts[i].judge(c)
			}
		})
	}
	group.Wait()
	for i, text := range g.texts {
		switch {
		case judged[i].expression != nil:
			c.expressions[text.text] = judged[i].expression
		case judged[i].alertText != nil:
			c.alertTexts[text.text] = judged[i].alertText
		}
	}
}

// ruleText is an expression or a template of a rule.
type ruleText struct {
	text       string
	expression bool
}

// judgement is one of the two.
type judgement struct {
	expression *expression
	alertText  *alertText
}

// judge reads nothing of c that changes. A failure inside of a parser is left to whoever comes across the text again.
func (t ruleText) judge(c *checker) (j judgement) {
	defer func() {
		if recover() != nil {
			j = judgement{}
		}
	}()
	if t.expression {
		return judgement{expression: parseExpression(c.promql, t.text)}
	}
	return judgement{alertText: judgeAlertText(t.text)}
}

// gathering collects the texts of rules, each once.
type gathering struct {
	texts  []ruleText
	groups map[rulesKey]bool
	rules  map[*score.Rule]bool
	known  map[string]bool
	// templates are known apart from expressions: one text may be both.
	templates map[string]bool
}

func (g *gathering) stack(s score.MonitoringStack) {
	key := keyOfRules(s.AlertRules)
	if g.groups[key] {
		return
	}
	g.groups[key] = true
	for _, group := range s.AlertRules {
		g.template(group.Labels)
		if at := first(group.Rules); at == nil || g.rules[at] {
			continue // groups are copied from stack to stack, their rules are shared
		}
		g.rules[first(group.Rules)] = true
		for _, r := range group.Rules {
			if !g.known[r.Expr] {
				g.known[r.Expr] = true
				g.texts = append(g.texts, ruleText{r.Expr, true})
			}
			if r.Alert != "" {
				g.template(r.Labels)
				g.template(r.Annotations)
			}
		}
	}
}

func (g *gathering) template(texts map[string]string) {
	for _, text := range texts {
		if strings.Contains(text, "{{") && !g.templates[text] {
			if g.templates == nil {
				g.templates = map[string]bool{}
			}
			g.templates[text] = true
			g.texts = append(g.texts, ruleText{text, false})
		}
	}
}

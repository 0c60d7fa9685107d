// SPDX-License-Identifier: Apache-2.0

package check_test

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/harmonyscript/harmonyscript/runtime/backend"
	"github.com/harmonyscript/harmonyscript/runtime/diag"
	"github.com/harmonyscript/harmonyscript/runtime/score"
)

// script is a piece of source with the calls in it, so that values can have the origins that a host would
// give them.
type script struct {
	t    testing.TB
	text string
}

const scriptName = "demo.star"

func (s *script) sources(file string) (string, bool) { return s.text, file == scriptName }

// call appends a call to the script and returns its origin. The places of arguments are found by their
// spelling: in `f(a = "x", l = {"k": "v"})` the argument a is at "x", and l[k] at "v".
func (s *script) call(source string, arguments ...string) score.Origin {
	s.t.Helper()
	line := strings.Count(s.text, "\n") + 1
	s.text += source + "\n"
	column := 1
	if name, _, assigned := strings.Cut(source, " = "); assigned && !strings.Contains(name, "(") {
		column = len(name) + len(" = ") + 1
	}
	site := &score.CallSite{Position: score.Position{File: scriptName, Line: line, Column: column}, Arguments: map[string]score.Argument{}}
	for i := 0; i+1 < len(arguments); i += 2 {
		name, token := arguments[i], arguments[i+1]
		at := strings.Index(source, token)
		if at < 0 {
			s.t.Fatalf("no %s in %s", token, source)
		}
		place := func(offset int) score.Position {
			before := source[:offset]
			lineStart := strings.LastIndexByte(before, '\n') + 1
			return score.Position{File: scriptName, Line: line + strings.Count(before, "\n"), Column: utf8.RuneCountInString(before[lineStart:]) + 1}
		}
		a := score.Argument{Name: place(at), Value: place(at), Length: utf8.RuneCountInString(token)}
		bare := strings.TrimSuffix(name[strings.LastIndexByte(name, '[')+1:], "]")
		for _, spelling := range []string{`"` + bare + `": ` + token, bare + " = " + token} {
			if key := strings.Index(source, spelling); key >= 0 {
				a.Name, a.Value = place(key), place(key+len(spelling)-len(token))
			}
		}
		if quote := token[:1]; strings.ContainsAny(quote, `"'`) && strings.HasSuffix(token, quote) && !strings.Contains(token, " % ") {
			a.Token = token
		}
		site.Arguments[name] = a
	}
	return score.NewOrigin(site, nil)
}

// version is a backend of the given version that supports all features but some.
type version struct {
	version score.APIVersion
	lacks   map[backend.Feature]string
}

var allFeatures = []backend.Feature{
	backend.FeatureServiceMonitor, backend.FeaturePodMonitor, backend.FeatureStaticTargets, backend.FeatureHTTPDiscovery, backend.FeatureDNSDiscovery, backend.FeatureProbe, backend.FeatureShards,
	backend.FeatureReplicas, backend.FeatureStorage, backend.FeatureRemoteWrite, backend.FeatureExternalLabels, backend.FeatureResources,
	backend.FeatureTenantDedicated, backend.FeatureTenantShared, backend.FeatureRuleKeepFiring, backend.FeatureRuleGroupLimit, backend.FeatureHonorLabelsProbe,
}

func (v version) Version() score.APIVersion { return v.version }

func (v version) Capabilities() backend.Capabilities {
	var supported []backend.Feature
	for _, f := range allFeatures {
		if _, lacks := v.lacks[f]; !lacks {
			supported = append(supported, f)
		}
	}
	return backend.NewCapabilities(supported, v.lacks).Reserving(map[backend.Feature]backend.Reservation{
		backend.FeatureReplicas: {Except: 2, Reason: "there are two pigeons"},
	})
}

func (v version) Sender() backend.Sender                        { return pigeon{} }
func (v version) Requires() []backend.CRD                       { return nil }
func (v version) Compile(score.Score) ([]backend.Object, error) { return nil, nil }

// pigeon carries everything but letters.
type pigeon struct{}

func (pigeon) Check(channel score.AlertChannel) diag.List {
	if channel.Receiver.Integration != "letter" {
		return nil
	}
	return diag.List{{Severity: diag.Error, Code: "unsupported-channel", Position: channel.Origin.Position(), Summary: "pigeons carry no letters"}}
}

func (pigeon) Send(backend.Delivery) ([]backend.Object, error) { return nil, nil }

func registry(t testing.TB, versions ...version) *backend.Registry {
	t.Helper()
	var backends []backend.Backend
	for _, v := range versions {
		backends = append(backends, v)
	}
	r, err := backend.NewRegistry(backends, map[string]backend.Compiler{"tenant": version{}})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

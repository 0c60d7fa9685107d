// SPDX-License-Identifier: Apache-2.0

package cli

// This file prints diagnostics, as text for people and as JSON for programs.

import (
	"bytes"
	"encoding/json"
	"fmt"

	"github.com/harmonyscript/harmonyscript/runtime/diag"
)

// reportDiagnostics prints the list and returns the error that ends the program when it has errors. As text
// it goes to the error stream, as JSON to the output stream.
func (f *factory) reportDiagnostics(list diag.List, sources diag.Sources) error {
	if f.json() {
		if err := f.printJSON(diagnosticsReport(list)); err != nil {
			return err
		}
	} else {
		f.sayDiagnostics(list, sources)
	}
	if list.HasErrors() {
		return exitWith(exitWrong)
	}
	return nil
}

// sayDiagnostics prints the list for people, with the count at its end.
func (f *factory) sayDiagnostics(list diag.List, sources diag.Sources) {
	if len(list) == 0 {
		return
	}
	fmt.Fprint(f.streams.Err, list.Render(sources, f.errPalette().diagnostics()))
	fmt.Fprintf(f.streams.Err, "\n%s\n", countText(list))
}

func countText(list diag.List) string {
	errors, warnings := list.Count()
	switch {
	case warnings == 0:
		return plural(errors, "error")
	case errors == 0:
		return plural(warnings, "warning")
	default:
		return plural(errors, "error") + ", " + plural(warnings, "warning")
	}
}

// plural returns "1 error", "2 errors".
func plural(count int, noun string) string {
	if count == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", count, noun)
}

// report is the JSON form of a list of diagnostics.
type report struct {
	Type        string    `json:"type"`
	Errors      int       `json:"errors"`
	Warnings    int       `json:"warnings"`
	Diagnostics diag.List `json:"diagnostics"`
}

func diagnosticsReport(list diag.List) report {
	errors, warnings := list.Count()
	if list == nil {
		list = diag.List{}
	}
	return report{Type: "diagnostics", Errors: errors, Warnings: warnings, Diagnostics: list}
}

// printJSON prints value as one line of JSON on the output stream. Where the cluster was named, its context is the last
// field of the object.
func (f *factory) printJSON(value any) error {
	var line bytes.Buffer
	encoder := json.NewEncoder(&line)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(value); err != nil {
		return fmt.Errorf("output: %w", err)
	}
	text := line.Bytes()
	if body, isObject := bytes.CutSuffix(text, []byte("}\n")); isObject && f.flags.context != "" {
		name, err := json.Marshal(f.flags.context)
		if err != nil {
			return fmt.Errorf("output: %w", err)
		}
		if !bytes.HasSuffix(body, []byte("{")) {
			body = append(body, ',')
		}
		text = fmt.Appendf(body, `"context":%s}`+"\n", name)
	}
	if _, err := f.streams.Out.Write(text); err != nil {
		return fmt.Errorf("output: %w", err)
	}
	return nil
}

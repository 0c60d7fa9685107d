// SPDX-License-Identifier: Apache-2.0

// This file resolves the secrets of a deployment.

package plan

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/harmonyscript/harmonyscript/runtime/backend"
	"github.com/harmonyscript/harmonyscript/runtime/cluster"
	"github.com/harmonyscript/harmonyscript/runtime/diag"
	"github.com/harmonyscript/harmonyscript/runtime/inventory"
	"github.com/harmonyscript/harmonyscript/runtime/score"
)

// reference identifies a secret whatever its position.
type reference struct {
	source    score.SecretSource
	name, key string
}

func referenceOf(s score.Secret) reference {
	return reference{source: s.Source, name: s.Name, key: s.Key}
}

// Secrets holds resolved values. They leave it only into what is sent and hashed.
type Secrets struct {
	values map[reference]string
	// Redactor removes the values from texts.
	Redactor *cluster.Redactor
}

// resolveSecrets resolves every secret of the objects, each once; inv makes those that are generated. The diagnostics are
// about all that could not be, at the lines that use them.
func resolveSecrets(ctx context.Context, inv *inventory.Inventory, objects []*backend.Object, resolve func(context.Context, score.Secret) (string, error)) (*Secrets, diag.List, error) {
	s := &Secrets{values: map[reference]string{}, Redactor: &cluster.Redactor{}}
	failed := map[reference]error{}
	var missing diag.List
	for _, o := range objects {
		for _, secret := range o.Secrets {
			ref := referenceOf(secret)
			if _, known := s.values[ref]; known {
				continue
			}
			if secret.Source == score.SecretGenerated {
				s.values[ref] = inv.Generated(secret.Name, secret.Key)
				s.Redactor.Add(s.values[ref])
				continue
			}
			if failed[ref] == nil && resolve != nil {
				if err := ctx.Err(); err != nil {
					return nil, nil, context.Cause(ctx)
				}
				value, err := resolve(ctx, secret)
				if err == nil {
					s.values[ref] = value
					s.Redactor.Add(value)
					continue
				}
				failed[ref] = err
			}
			missing = append(missing, missingSecret(secret, o, failed[ref]))
		}
	}
	return s, missing.Sorted(), nil
}

// addRendered makes unspeakable what a chart put into a Secret: Helm stores it in the cluster, and so it is sent and
// compared as it is, but nobody is told.
func (s *Secrets) addRendered(o *backend.Object) {
	if o.ID.Kind != "Secret" || o.ID.Group != "" {
		return
	}
	var content struct {
		Data       map[string][]byte
		StringData map[string]string
	}
	if err := json.Unmarshal(o.Manifest, &content); err != nil {
		// The API server tells what is wrong with it.
		return
	}
	add := func(value string) {
		if len(value) >= cluster.LeastForeign {
			s.Redactor.Add(value)
		}
	}
	for _, value := range content.Data {
		add(string(value))
	}
	for _, value := range content.StringData {
		add(value)
	}
}

func missingSecret(secret score.Secret, o *backend.Object, err error) diag.Diagnostic {
	d := diag.Diagnostic{Severity: diag.Error, Code: "secret-missing", Position: secret.Origin.Position(), Related: diag.Callers(secret.Origin)}
	if !d.Position.IsValid() {
		d.Position = o.Origin.Position()
	}
	d.Summary = fmt.Sprintf("%s: its value is not known", secret)
	if err != nil {
		d.Summary = fmt.Sprintf("%s: %s", secret, err)
	}
	switch secret.Source {
	case score.SecretFromEnvironment:
		d.Fix = fmt.Sprintf("set the environment variable: export %s=...", secret.Name)
	case score.SecretFromFile:
		d.Fix = fmt.Sprintf("write the secret into the file %s, readable by you alone", secret.Name)
	}
	return d
}

// of returns the values of an object's secrets by key; ok is false when one of them is not known.
func (s *Secrets) of(o *backend.Object) (values map[string]string, ok bool) {
	if len(o.Secrets) == 0 {
		return nil, true
	}
	values = make(map[string]string, len(o.Secrets))
	for key, secret := range o.Secrets {
		value, known := s.values[referenceOf(secret)]
		if !known {
			return nil, false
		}
		values[key] = value
	}
	return values, true
}

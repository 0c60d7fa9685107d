// SPDX-License-Identifier: Apache-2.0

// This file keeps what is in Secrets out of the errors of Helm's requests.

package helm

import (
	"errors"
	"fmt"
	"net/url"
	"strings"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/cli-runtime/pkg/resource"

	"github.com/harmonyscript/harmonyscript/runtime/backend"
	apiserver "github.com/harmonyscript/harmonyscript/runtime/cluster"
)

// about names the object of a failed request. About a Secret the API server's own words are left out: they may repeat what is in
// it, and nobody else knows that of a release that is removed.
func about(info *resource.Info, err error) error {
	err = withoutAddress(err)
	if info.Mapping.GroupVersionKind.GroupKind() == (schema.GroupKind{Kind: "Secret"}) {
		return &secretError{id: backend.ID{Version: "v1", Kind: "Secret", Namespace: info.Namespace, Name: info.Name}, err: err}
	}
	return fmt.Errorf("%s: %w", nameOfInfo(info), err)
}

// confidential is about for the Secret of a revision. Errors that have nothing to do with the API server stay as they are.
func confidential(namespace, name string, err error) error {
	id := backend.ID{Version: "v1", Kind: "Secret", Namespace: namespace, Name: name}
	var status apierrors.APIStatus
	if errors.As(err, &status) {
		return &secretError{id: id, err: err}
	}
	if bare := withoutAddress(err); bare != err { //nolint:errorlint // it is another one when it was a request's
		return fmt.Errorf("%s: %w", id, bare)
	}
	return err
}

// withoutAddress drops from the error of a request its method and its whole address, which tell people nothing.
func withoutAddress(err error) error {
	var request *url.Error
	if errors.As(err, &request) {
		return request.Err
	}
	return err
}

// secretError is the error of a request about a Secret.
type secretError struct {
	id  backend.ID
	err error
}

// Error says what went wrong, without the API server's own words.
func (e *secretError) Error() string {
	d := apiserver.Explain(e.err, apiserver.Subject{ID: e.id, Confidential: true})
	text := d.Summary
	if !strings.HasPrefix(text, e.id.String()) {
		text = e.id.String() + ": " + text
	}
	if d.Detail != "" {
		text += ": " + d.Detail
	}
	return text
}

// Unwrap returns the reason.
func (e *secretError) Unwrap() error { return e.err }

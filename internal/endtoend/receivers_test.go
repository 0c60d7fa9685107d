// SPDX-License-Identifier: Apache-2.0

// This file plays what channels deliver to: services over HTTP, a mail server, and a proxy for the one service whose
// address Alertmanager has built in.

package endtoend

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// request is what a receiver got.
type request struct {
	// to names the receiver: the first element of the path.
	to string
	// path has the query, too; of a mail it is the envelope.
	path string
	// header has the content type and the authorization.
	header string
	body   []byte
}

// receivers are servers on loopback.
type receivers struct {
	http, smtp, proxy string
	received          chan request
}

func startReceivers(t *testing.T) *receivers {
	t.Helper()
	r := &receivers{received: make(chan request, 64)}
	services := httptest.NewServer(http.HandlerFunc(r.serve))
	t.Cleanup(services.Close)
	r.http = services.URL
	r.smtp = r.startMailServer(t)
	r.proxy = r.startProxy(t)
	return r
}

// serve answers as the services do where Alertmanager looks at the answer.
func (r *receivers) serve(w http.ResponseWriter, q *http.Request) {
	body, err := io.ReadAll(q.Body)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	to, _, _ := strings.Cut(strings.TrimPrefix(q.URL.Path, "/"), "/")
	header := q.Header.Get("Content-Type") + " " + q.Header.Get("Authorization")
	answer := map[string]string{
		"wechat": `{"errcode": 0, "access_token": "token"}`, "rocketchat": `{"success": true}`, "slack": "ok", "msteams": "1",
		"telegram":  `{"ok": true, "result": {"message_id": 1, "chat": {"id": -1001234567890}}}`,
		"sns":       `<PublishResponse xmlns="http://sns.amazonaws.com/doc/2010-03-31/"><PublishResult><MessageId>1</MessageId></PublishResult></PublishResponse>`,
		"pagerduty": `{"status": "success"}`, "opsgenie": `{"result": "Request will be processed"}`, "victorops": `{"result": "success"}`, "webex": "{}",
		"pushover": `{"status": 1}`, "jira": `{"total": 0, "issues": []}`, "mattermost": "ok", "incidentio": "{}",
	}[to]
	if strings.HasPrefix(answer, "{") {
		w.Header().Set("Content-Type", "application/json")
	}
	if to == "pagerduty" || to == "opsgenie" {
		w.WriteHeader(http.StatusAccepted)
	}
	_, _ = io.WriteString(w, answer)
	if to == "wechat" && q.Method == http.MethodGet {
		return // it asks for a token first
	}
	r.received <- request{to: to, path: q.URL.RequestURI(), header: header, body: body}
}

// startProxy starts a proxy that takes every connection to its own TLS server, which plays Pushover.
func (r *receivers) startProxy(t *testing.T) string {
	t.Helper()
	pushover := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
		q.URL.Path = "/pushover" + q.URL.Path
		r.serve(w, q)
	}))
	t.Cleanup(pushover.Close)
	proxy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
		if q.Method != http.MethodConnect {
			http.Error(w, "got "+q.Method+", want CONNECT", http.StatusMethodNotAllowed)
			return
		}
		out, err := net.Dial("tcp", pushover.Listener.Addr().String())
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadGateway)
			return
		}
		in, buffered, err := http.NewResponseController(w).Hijack()
		if err != nil {
			out.Close()
			return
		}
		fmt.Fprint(in, "HTTP/1.1 200 Connection established\r\n\r\n")
		go func() {
			defer in.Close()
			_, _ = io.Copy(in, out)
		}()
		go func() {
			defer out.Close()
			_, _ = io.Copy(out, buffered)
		}()
	}))
	t.Cleanup(proxy.Close)
	return proxy.URL
}

// startMailServer starts a server that takes every message.
func (r *receivers) startMailServer(t *testing.T) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { listener.Close() })
	go func() {
		for {
			connection, err := listener.Accept()
			if err != nil {
				return
			}
			go r.converse(connection)
		}
	}()
	return listener.Addr().String()
}

// converse speaks the part of SMTP that Alertmanager uses without TLS and authentication.
func (r *receivers) converse(connection net.Conn) {
	defer connection.Close()
	lines := bufio.NewScanner(connection)
	say := func(text string) { fmt.Fprint(connection, text+"\r\n") }
	say("220 receiver ready")
	var envelope, message strings.Builder
	for inMessage := false; lines.Scan(); {
		line := lines.Text()
		verb, _, _ := strings.Cut(strings.ToUpper(line), " ")
		switch {
		case inMessage && line == ".":
			inMessage = false
			say("250 taken")
			r.received <- request{to: "mail", path: envelope.String(), body: []byte(message.String())}
		case inMessage:
			message.WriteString(line + "\n")
		case verb == "DATA":
			inMessage = true
			say("354 go on")
		case verb == "MAIL", verb == "RCPT":
			envelope.WriteString(line + " ")
			say("250 fine")
		case verb == "QUIT":
			say("221 bye")
			return
		default:
			say("250 fine")
		}
	}
}

// expectations has what each receiver must find in the path, the headers or the body of what it gets.
func expectations() map[string][]string {
	const key = "0123456789abcdef0123456789abcdef"
	return map[string][]string{
		"discord":    {"WebDown is firing"},
		"tickets":    {`"alertname":"WebDown"`},
		"payload":    {`{"job":"web-frontend"}`},
		"mail":       {"Subject: WebDown is firing", "web is down", "<on-call@example.com>", "<team@example.com>", "<alerts@example.com>", "References: <alert-"},
		"msteams":    {`"title":"WebDown"`, "MessageCard"},
		"msteamsv2":  {"WebDown", "AdaptiveCard"},
		"opsgenie":   {"/opsgenie/v2/alerts", "GenieKey " + key, `"priority":"P1"`, `"type":"team"`, "WebDown"},
		"pagerduty":  {`"routing_key":"` + key, `"job":"web-frontend"`, `"text":"Runbook"`, `"alt":"a picture"`, `"class":"deadlock"`},
		"pushover":   {"/1/messages.json", "title=WebDown", "priority=1", "token=" + key, "user=" + key},
		"rocketchat": {"/rocketchat/api/v1/chat.postMessage", `"title":"WebDown"`, `"value":"web-frontend"`, `"channel":"#alerts"`},
		"slack":      {`"channel":"#alerts"`, `"value":"web-frontend"`, `"text":"Runbook"`},
		"sns":        {"AWS4-HMAC-SHA256 Credential=" + key, "Action=Publish", "TopicArn=arn", "web-frontend"},
		"telegram":   {"/telegram/bot" + key + "/sendMessage", "-1001234567890", "WebDown"},
		"victorops":  {"/victorops/" + key + "/web", `"message_type":"CRITICAL"`, `"job":"web-frontend"`},
		"webex":      {"Bearer " + key, `"roomId":"room"`, "WebDown"},
		"wechat":     {"/wechat/message/send", `"touser":"@all"`, "WebDown"},
	}
}

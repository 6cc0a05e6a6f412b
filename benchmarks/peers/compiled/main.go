// A server that is compiled to machine code: graph-gophers' graphql-go on net/http, and pgx.
// The schema, the statements and the names of permissions are the other peers', from the file that is named first.
package main

import (
	"context"
	"encoding/json"
	"log"
	"net"
	"net/http"
	"os"
	"runtime/debug"
	"strconv"

	graphql "github.com/graph-gophers/graphql-go"
)

var shared struct {
	TypeDefs    string            `json:"typeDefs"`
	Permissions []string          `json:"permissions"`
	Statements  map[string]string `json:"statements"`
}

type principalKey struct{}

func principalIn(ctx context.Context) *principal {
	return ctx.Value(principalKey{}).(*principal)
}

func main() {
	// The heap is small and short-lived: by default a sixth of a page's time is spent on looking through it.
	debug.SetGCPercent(400)
	content, err := os.ReadFile(os.Args[1])
	if err == nil {
		err = json.Unmarshal(content, &shared)
	}
	if err == nil {
		err = openPool(context.Background())
	}
	if err != nil {
		log.Fatal(err)
	}
	definition := "schema { query: Query mutation: Mutation }" + shared.TypeDefs
	// Fields of structs are read without calling a method by reflection.
	schema := graphql.MustParseSchema(definition, &root{}, graphql.UseFieldResolvers())
	http.Handle("/graphql", &handler{schema})
	log.Fatal(http.ListenAndServe(net.JoinHostPort(os.Getenv("HOST"), os.Getenv("PORT")), nil))
}

type handler struct {
	schema *graphql.Schema
}

func (h *handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	var asked struct {
		Query         string                 `json:"query"`
		OperationName string                 `json:"operationName"`
		Variables     map[string]interface{} `json:"variables"`
	}
	if err := json.NewDecoder(r.Body).Decode(&asked); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	address, _, _ := net.SplitHostPort(r.RemoteAddr)
	who, err := principalOf(r.Context(), r.Header.Get("Authorization"), address)
	if err != nil {
		http.Error(w, err.Error(), http.StatusUnauthorized)
		return
	}
	ctx := context.WithValue(r.Context(), principalKey{}, who)
	answer(w, h.schema.Exec(ctx, asked.Query, asked.OperationName, asked.Variables))
}

func answer(w http.ResponseWriter, response *graphql.Response) {
	var content []byte
	if len(response.Errors) == 0 {
		// The data are text already, which json.Marshal would read once more.
		content = append(append([]byte(`{"data":`), response.Data...), '}')
	} else {
		var err error
		if content, err = json.Marshal(response); err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Content-Length", strconv.Itoa(len(content)))
	w.Write(content)
}

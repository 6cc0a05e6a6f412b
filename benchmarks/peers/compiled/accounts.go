package main

import (
	"context"
	"strconv"
	"strings"
	"sync"

	graphql "github.com/graph-gophers/graphql-go"
	"github.com/jackc/pgx/v4"
)

// An account as its principal sees it. Those of one list share what they look up.
type account struct {
	ID                 graphql.ID
	Name, Status, Kind string
	Version            int32

	uuid, masterID string
	parentID       *string
	permissions    int64
	membersShown   bool
	list           *list
}

type list struct {
	accounts []*account
	parents  sync.Once
	byID     map[string]*account
	failed   error
	lock     sync.Mutex
	members  map[int32]*members
}

func scanAccount(row pgx.Rows, more ...interface{}) (*account, error) {
	a, permissions := &account{}, ""
	columns := []interface{}{
		&a.uuid, &a.masterID, &a.parentID, &a.Name, &a.Version, &a.Status, &permissions, &a.membersShown,
	}
	if err := row.Scan(append(columns, more...)...); err != nil {
		return nil, err
	}
	a.ID, a.Kind = graphql.ID("acct_"+a.uuid), "SUBACCOUNT"
	if a.parentID == nil {
		a.Kind = "MASTER"
	}
	mask, err := strconv.ParseInt(permissions, 10, 64)
	a.permissions = mask
	return a, err
}

func listed(accounts []*account) *list {
	made := &list{accounts: accounts, members: map[int32]*members{}}
	for _, a := range accounts {
		a.list = made
	}
	return made
}

func readAccounts(ctx context.Context, name string, values []interface{}) ([]*account, error) {
	found := []*account{}
	err := rows(ctx, pool, name, func(row pgx.Rows) error {
		a, err := scanAccount(row)
		found = append(found, a)
		return err
	}, values...)
	listed(found)
	return found, err
}

func (l *list) parentOf(ctx context.Context, a *account) (*account, error) {
	l.parents.Do(func() {
		wanted, seen := []string{}, map[string]bool{}
		for _, one := range l.accounts {
			if one.parentID != nil && !seen[*one.parentID] {
				seen[*one.parentID] = true
				wanted = append(wanted, *one.parentID)
			}
		}
		var found []*account
		found, l.failed = readAccounts(ctx, "accountsById", principalIn(ctx).with(wanted))
		l.byID = make(map[string]*account, len(found))
		for _, one := range found {
			l.byID[one.uuid] = one
		}
	})
	return l.byID[*a.parentID], l.failed
}

// The first members of all accounts of the list.
func (l *list) firstMembers(first int32) *members {
	l.lock.Lock()
	defer l.lock.Unlock()
	if l.members[first] == nil {
		l.members[first] = &members{}
	}
	return l.members[first]
}

func (a *account) Parent(ctx context.Context) (*account, error) {
	if a.parentID == nil {
		return nil, nil
	}
	return a.list.parentOf(ctx, a)
}

func (a *account) Members(ctx context.Context, args struct{ First int32 }) (*memberConnection, error) {
	if !a.membersShown {
		return nil, nil
	}
	found, err := a.list.firstMembers(args.First).of(ctx, a, args.First)
	return &memberConnection{found}, err
}

var namesOf sync.Map

func (a *account) ViewerPermissions() []string {
	if known, ok := namesOf.Load(a.permissions); ok {
		return known.([]string)
	}
	names := []string{}
	for bit, name := range shared.Permissions {
		if a.permissions>>bit&1 == 1 {
			names = append(names, name)
		}
	}
	namesOf.Store(a.permissions, names)
	return names
}

func (a *account) may(permission string) bool {
	for bit, name := range shared.Permissions {
		if name == permission {
			return a.permissions>>bit&1 == 1
		}
	}
	return false
}

func uuidOf(id graphql.ID) string { return strings.TrimPrefix(string(id), "acct_") }

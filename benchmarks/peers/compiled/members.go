package main

import (
	"context"
	"sync"

	graphql "github.com/graph-gophers/graphql-go"
	"github.com/jackc/pgx/v4"
)

// The first members of each account of a list, with their people, read once.
type members struct {
	once      sync.Once
	byAccount map[string][]*member
	failed    error
}

type member struct {
	ID     graphql.ID
	Role   role
	User   *user
	userID string
}

type user struct {
	ID          graphql.ID
	Name, Email string
}

type memberConnection struct {
	Nodes []*member
}

type role struct {
	Name string
}

func (m *members) of(ctx context.Context, a *account, first int32) ([]*member, error) {
	m.once.Do(func() {
		if m.failed = m.read(ctx, a.list, first); m.failed == nil {
			m.failed = m.readPeople(ctx)
		}
	})
	return m.byAccount[a.uuid], m.failed
}

func (m *members) read(ctx context.Context, of *list, first int32) error {
	shown := []string{}
	m.byAccount = map[string][]*member{}
	for _, one := range of.accounts {
		if one.membersShown {
			shown = append(shown, one.uuid)
			m.byAccount[one.uuid] = []*member{}
		}
	}
	return rows(ctx, pool, "firstMembers", func(row pgx.Rows) error {
		var uuid, accountID string
		one := &member{}
		err := row.Scan(&uuid, &accountID, &one.userID, &one.Role.Name)
		one.ID = graphql.ID("memb_" + uuid)
		m.byAccount[accountID] = append(m.byAccount[accountID], one)
		return err
	}, shown, first)
}

func (m *members) readPeople(ctx context.Context) error {
	wanted, byID := []string{}, map[string]*user{}
	for _, found := range m.byAccount {
		for _, one := range found {
			if byID[one.userID] == nil {
				byID[one.userID] = &user{ID: graphql.ID("user_" + one.userID)}
				wanted = append(wanted, one.userID)
			}
			one.User = byID[one.userID]
		}
	}
	return rows(ctx, pool, "usersById", func(row pgx.Rows) error {
		var id, name, email string
		err := row.Scan(&id, &name, &email)
		byID[id].Name, byID[id].Email = name, email
		return err
	}, wanted)
}

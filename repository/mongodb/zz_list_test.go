package mongodb
import ("testing";"context";"github.com/debriefhq/debrief/repository";"github.com/debriefhq/debrief/repository/mongodb/mongodbtest")
func BenchmarkZZList(b *testing.B) {
	store := open(b, mongodbtest.NewDatabase(b), Options{})
	var cs []repository.Creation[repository.Incident]
	for range 500 { cs = append(cs, repository.Creation[repository.Incident]{Resource: alertIncident()}) }
	if _, err := store.Incidents().Create(b.Context(), cs...); err != nil {b.Fatal(err)}
	benchmarkCalls(b, 1, func(ctx context.Context) error {
		_, err := store.Incidents().List(ctx, repository.Query{Descending: true, Limit: 51})
		return err
	})
}

package layered_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/debriefhq/debrief/service/mentalmodel/picture/layered"
)

// rectangle is a box or a label where it is placed.
type rectangle struct{ left, top, right, bottom float64 }

func (r rectangle) meets(other rectangle) bool {
	const tolerance = 0.5
	return r.left+tolerance < other.right && other.left+tolerance < r.right && r.top+tolerance < other.bottom && other.top+tolerance < r.bottom
}

func placed(boxes []layered.Box, arrows []layered.Arrow, layout layered.Layout) (all []rectangle) {
	for i, b := range boxes {
		at := layout.Boxes[i]
		all = append(all, rectangle{at.X, at.Y, at.X + b.Width, at.Y + b.Height})
	}
	for i, a := range arrows {
		if route := layout.Routes[i]; len(route.Steps) > 0 && a.Label.Width > 0 {
			at := route.Label
			all = append(all, rectangle{at.X - a.Label.Width/2, at.Y - a.Label.Height/2, at.X + a.Label.Width/2, at.Y + a.Label.Height/2})
		}
	}
	return all
}

// inspect fails if the layout breaks a promise.
func inspect(t rapid.TB, boxes []layered.Box, arrows []layered.Arrow, layout layered.Layout) {
	t.Helper()
	all := placed(boxes, arrows, layout)
	whole := rectangle{-1, -1, layout.Width + 1, layout.Height + 1}
	for i, r := range all {
		if r.left < whole.left || r.top < whole.top || r.right > whole.right || r.bottom > whole.bottom {
			t.Errorf("%v is outside of %v by %v", r, layout.Width, layout.Height)
		}
		for _, other := range all[:i] {
			if r.meets(other) {
				t.Errorf("%v covers %v", r, other)
			}
		}
	}
	for i, route := range layout.Routes {
		for _, step := range route.Steps {
			inspectStep(t, step, all[:len(boxes)], arrows[i])
		}
	}
}

// inspectStep fails if a straight piece of an arrow runs through a box.
func inspectStep(t rapid.TB, step [2]layered.Point, boxes []rectangle, arrow layered.Arrow) {
	t.Helper()
	if step[0].Y != step[1].Y || step[0].X > step[1].X+0.5 {
		t.Errorf("the arrow %v has a step that is not level: %v", arrow, step)
	}
	for number, box := range boxes {
		if (rectangle{step[0].X, step[0].Y - 0.6, step[1].X, step[1].Y + 0.6}).meets(box) {
			t.Errorf("the arrow %v runs through box %d: %v and %v", arrow, number, step, box)
		}
	}
}

func TestNothingCoversAnything(t *testing.T) {
	size := rapid.Custom(func(t *rapid.T) layered.Box {
		return layered.Box{Width: rapid.Float64Range(10, 200).Draw(t, "width"), Height: rapid.Float64Range(10, 90).Draw(t, "height")}
	})
	rapid.Check(t, func(t *rapid.T) {
		boxes := rapid.SliceOfN(size, 0, 30).Draw(t, "boxes")
		end := rapid.IntRange(-1, len(boxes))
		arrows := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) layered.Arrow {
			return layered.Arrow{From: end.Draw(t, "from"), To: end.Draw(t, "to"), Label: size.Draw(t, "label")}
		}), 0, 60).Draw(t, "arrows")
		layout := layered.Arrange(boxes, arrows)
		inspect(t, boxes, arrows, layout)
		if diff := cmp.Diff(layout, layered.Arrange(boxes, arrows)); diff != "" {
			t.Errorf("the second layout differs:\n%s", diff)
		}
	})
}

func boxes(count int) []layered.Box {
	made := make([]layered.Box, count)
	for i := range made {
		made[i] = layered.Box{Width: 80, Height: 40}
	}
	return made
}

func TestArrowsLeadToTheRightExceptThoseThatCloseACircle(t *testing.T) {
	layout := layered.Arrange(boxes(4), []layered.Arrow{{From: 0, To: 1}, {From: 1, To: 2}, {From: 2, To: 0}, {From: 3, To: 3}, {From: 2, To: 1}})
	var leftward []bool
	for _, route := range layout.Routes {
		leftward = append(leftward, route.Leftward)
	}
	if diff := cmp.Diff([]bool{false, true, false, false, false}, leftward); diff != "" {
		t.Errorf("leftward (-want +got):\n%s", diff)
	}
	if len(layout.Routes[3].Steps) > 0 {
		t.Errorf("an arrow from a box to itself has a way: %v", layout.Routes[3])
	}
}

func TestAPlanarGraphHasNoCrossing(t *testing.T) {
	// A tree in an order that crosses, if it is kept.
	layout := layered.Arrange(boxes(7), []layered.Arrow{{From: 0, To: 2}, {From: 0, To: 1}, {From: 1, To: 6}, {From: 2, To: 3}, {From: 1, To: 4}, {From: 2, To: 5}})
	above := func(a, b int) bool { return layout.Boxes[a].Y < layout.Boxes[b].Y }
	if above(1, 2) != above(6, 3) || above(1, 2) != above(4, 5) || above(1, 2) != above(6, 5) || above(1, 2) != above(4, 3) {
		t.Errorf("arrows cross: %v", layout.Boxes)
	}
}

func TestArrowsBeyondTheBoundAreLeftOut(t *testing.T) {
	var arrows []layered.Arrow
	for i := range 249 {
		arrows = append(arrows, layered.Arrow{From: i, To: i + 1})
	}
	for range 100 {
		arrows = append(arrows, layered.Arrow{From: 0, To: 249})
	}
	layout := layered.Arrange(boxes(250), arrows)
	if layout.LeftOut == 0 || layout.LeftOut > 100 || len(layout.Routes[248].Steps) == 0 {
		t.Errorf("%d arrows are left out", layout.LeftOut)
	}
}

func BenchmarkArrange(b *testing.B) {
	var arrows []layered.Arrow
	for i := range 600 {
		arrows = append(arrows, layered.Arrow{From: i * 7 % 250, To: i * 13 % 250, Label: layered.Box{Width: 60, Height: 16}})
	}
	for b.Loop() {
		layered.Arrange(boxes(250), arrows)
	}
}

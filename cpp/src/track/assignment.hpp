#pragma once

#include <vector>

namespace facecap {

/// A pair that may be matched.
struct Edge {
  int row = 0;
  int column = 0;
  double cost = 0;
};

/// For every row its column, or -1: the matching of least total cost, where every pair that is left open, of
/// as many as there are rows or columns, costs `unmatched` and every edge costs less than that. Optimal as
/// long as a connected group of edges spans at most 2^18 pairs; a larger pile is matched greedily, cheapest
/// edge first. Ties go by the order of rows and columns alone.
std::vector<int> assign(int rows, int columns, std::vector<Edge> edges, double unmatched);

}  // namespace facecap

#include "track/assignment.hpp"

#include <algorithm>
#include <cstdint>
#include <limits>
#include <numeric>
#include <tuple>
#include <utility>

namespace facecap {
namespace {

constexpr std::int64_t kLargestOptimal = 1 << 18;

/// Shortest augmenting paths with potentials (Kuhn 1955, Munkres 1957, in the form of Jonker and Volgenant
/// 1987) on a dense table of count x count or wider. For every row its column.
std::vector<int> solve(const std::vector<double>& cost, int rows, int columns) {
  constexpr double infinity = std::numeric_limits<double>::infinity();
  std::vector<double> row_potential(rows + 1), column_potential(columns + 1);
  std::vector<int> row_of(columns + 1, rows), previous(columns + 1);
  std::vector<double> slack(columns + 1);
  std::vector<char> visited(columns + 1);
  for (int row = 0; row < rows; ++row) {
    std::fill(slack.begin(), slack.end(), infinity);
    std::fill(visited.begin(), visited.end(), 0);
    int column = columns;  // a column of its own for the row that is to be placed
    row_of[column] = row;
    do {
      visited[column] = 1;
      const int from = row_of[column];
      double smallest = infinity;
      int next = columns;
      for (int j = 0; j < columns; ++j) {
        if (visited[j]) continue;
        const double reduced =
            cost[std::size_t(from) * columns + j] - row_potential[from] - column_potential[j];
        if (reduced < slack[j]) {
          slack[j] = reduced;
          previous[j] = column;
        }
        if (slack[j] < smallest) {
          smallest = slack[j];
          next = j;
        }
      }
      for (int j = 0; j <= columns; ++j) {
        if (visited[j]) {
          row_potential[row_of[j]] += smallest;
          column_potential[j] -= smallest;
        } else {
          slack[j] -= smallest;
        }
      }
      column = next;
    } while (row_of[column] != rows);
    while (column != columns) {
      row_of[column] = row_of[previous[column]];
      column = previous[column];
    }
  }
  std::vector<int> column_of(rows, -1);
  for (int j = 0; j < columns; ++j)
    if (row_of[j] != rows) column_of[row_of[j]] = j;
  return column_of;
}

/// Rows and columns that no edge joins to others can be matched apart.
class Groups {
 public:
  Groups(int rows, int columns) : parent_(rows + columns) { std::iota(parent_.begin(), parent_.end(), 0); }
  int find(int node) {
    while (parent_[node] != node) node = parent_[node] = parent_[parent_[node]];
    return node;
  }
  void join(int a, int b) { parent_[std::max(find(a), find(b))] = std::min(find(a), find(b)); }

 private:
  std::vector<int> parent_;
};

using EdgeIterator = std::vector<Edge>::iterator;

void match_greedily(EdgeIterator first, EdgeIterator last, std::vector<int>& column_of, int columns) {
  std::sort(first, last, [](const Edge& a, const Edge& b) {
    return std::tie(a.cost, a.row, a.column) < std::tie(b.cost, b.row, b.column);
  });
  std::vector<char> taken(columns);
  for (EdgeIterator edge = first; edge != last; ++edge) {
    if (column_of[edge->row] >= 0 || taken[edge->column]) continue;
    column_of[edge->row] = edge->column;
    taken[edge->column] = 1;
  }
}

std::vector<int> distinct(EdgeIterator first, EdgeIterator last, int Edge::* end) {
  std::vector<int> values;
  for (EdgeIterator edge = first; edge != last; ++edge) values.push_back((*edge).*end);
  std::sort(values.begin(), values.end());
  values.erase(std::unique(values.begin(), values.end()), values.end());
  return values;
}

int index_of(const std::vector<int>& values, int value) {
  return static_cast<int>(std::lower_bound(values.begin(), values.end(), value) - values.begin());
}

void match_group(EdgeIterator first, EdgeIterator last, std::vector<int>& column_of, int columns,
                 double unmatched) {
  int Edge::* shorter = &Edge::row;
  int Edge::* longer = &Edge::column;
  std::vector<int> along = distinct(first, last, shorter);
  std::vector<int> across = distinct(first, last, longer);
  if (along.size() > across.size()) {
    std::swap(shorter, longer);
    std::swap(along, across);
  }
  if (static_cast<std::int64_t>(along.size() * across.size()) > kLargestOptimal)
    return match_greedily(first, last, column_of, columns);
  std::vector<double> cost(along.size() * across.size(), unmatched);
  for (EdgeIterator edge = first; edge != last; ++edge)
    cost[index_of(along, (*edge).*shorter) * across.size() + index_of(across, (*edge).*longer)] = edge->cost;
  const std::vector<int> found = solve(cost, static_cast<int>(along.size()), static_cast<int>(across.size()));
  for (std::size_t i = 0; i < along.size(); ++i) {
    if (cost[i * across.size() + found[i]] >= unmatched) continue;
    const int row = shorter == &Edge::row ? along[i] : across[found[i]];
    column_of[row] = shorter == &Edge::row ? across[found[i]] : along[i];
  }
}

}  // namespace

std::vector<int> assign(int rows, int columns, std::vector<Edge> edges, double unmatched) {
  std::vector<int> column_of(rows, -1);
  Groups groups(rows, columns);
  for (const Edge& edge : edges) groups.join(edge.row, rows + edge.column);
  std::sort(edges.begin(), edges.end(), [&](const Edge& a, const Edge& b) {
    return std::tuple(groups.find(a.row), a.row, a.column) < std::tuple(groups.find(b.row), b.row, b.column);
  });
  for (EdgeIterator first = edges.begin(); first != edges.end();) {
    EdgeIterator last = first;
    while (last != edges.end() && groups.find(last->row) == groups.find(first->row)) ++last;
    match_group(first, last, column_of, columns, unmatched);
    first = last;
  }
  return column_of;
}

}  // namespace facecap

namespace Graft.Cli;

/// <summary>What somebody may have meant who typed something else.</summary>
internal static class Suggestions
{
    /// <summary>The nearest of the known names, at most three, the best first.</summary>
    internal static string[] For(string typed, IEnumerable<string> known) =>
    [
        .. known.Distinct(StringComparer.Ordinal)
            .Select(name => (Name: name, Distance: name.StartsWith(typed, StringComparison.OrdinalIgnoreCase) ? 0 : DistanceOf(typed, name)))
            .Where(each => each.Distance <= Math.Max(1, typed.Length / 3))
            .OrderBy(each => each.Distance)
            .ThenBy(each => each.Name, StringComparer.Ordinal)
            .Take(3)
            .Select(each => each.Name),
    ];

    // How many letters have to be put in, left out, replaced or swapped with their neighbour.
    internal static int DistanceOf(string one, string other)
    {
        int[,] cost = new int[one.Length + 1, other.Length + 1];
        for (int i = 0; i <= one.Length; i++)
        {
            for (int j = 0; j <= other.Length; j++)
            {
                if (i == 0 || j == 0)
                {
                    cost[i, j] = i + j;
                    continue;
                }

                bool isEqual = char.ToLowerInvariant(one[i - 1]) == char.ToLowerInvariant(other[j - 1]);
                cost[i, j] = Math.Min(Math.Min(cost[i - 1, j], cost[i, j - 1]) + 1, cost[i - 1, j - 1] + (isEqual ? 0 : 1));
                if (i > 1 && j > 1 && one[i - 1] == other[j - 2] && one[i - 2] == other[j - 1])
                {
                    cost[i, j] = Math.Min(cost[i, j], cost[i - 2, j - 2] + 1);
                }
            }
        }

        return cost[one.Length, other.Length];
    }
}

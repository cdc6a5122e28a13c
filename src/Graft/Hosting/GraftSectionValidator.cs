using System.Globalization;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Options;

namespace Graft;

/// <summary>Finds in a configuration section what the binder would swallow: a node with a misspelt <c>Join</c> would found a second cluster.</summary>
internal sealed class GraftSectionValidator(IConfiguration section) : IValidateOptions<GraftOptions>
{
    private static readonly string[] Times =
    [
        nameof(GraftOptions.JoinTimeout), nameof(GraftOptions.LeaveTimeout), nameof(GraftOptions.ElectionTimeout), nameof(GraftOptions.DefaultTimeout),
        nameof(GraftOptions.ClockBound),
    ];

    private static readonly string[] Names =
    [
        .. Times, nameof(GraftOptions.DataDirectory), nameof(GraftOptions.Listen), nameof(GraftOptions.Advertised), nameof(GraftOptions.ClientConnectionsMax),
        nameof(GraftOptions.Join), nameof(GraftOptions.JoinAs), nameof(GraftOptions.ForceNew), nameof(GraftOptions.LeaveOnStop), nameof(GraftOptions.SnapshotLogBytes),
    ];

    public ValidateOptionsResult Validate(string? name, GraftOptions options)
    {
        string[] wrong = [.. section.GetChildren().Select(Judge).OfType<string>()];
        return wrong.Length == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(wrong);
    }

    private static string? Judge(IConfigurationSection child)
    {
        string? known = Names.FirstOrDefault(name => string.Equals(name, child.Key, StringComparison.OrdinalIgnoreCase));
        if (known is null)
        {
            string nearest = Names.MinBy(name => Distance(name, child.Key))!;
            string hint = Distance(nearest, child.Key) <= 3 ? $"Did you mean {nearest}?" : $"There are {string.Join(", ", Names.Order(StringComparer.Ordinal))}.";
            return $"{child.Path} isn't an option of a node. {hint}";
        }

        if (known == nameof(GraftOptions.Join) && child.Value is { Length: > 0 } text)
        {
            return $"{child.Path} is a list of addresses, and '{text}' is a text. Write [\"{text}\"], or set {child.Path.Replace(":", "__", StringComparison.Ordinal)}__0.";
        }

        return Times.Contains(known, StringComparer.Ordinal) && int.TryParse(child.Value, CultureInfo.InvariantCulture, out int days)
            ? $"{child.Path} is a time as hours:minutes:seconds; '{child.Value}' would be {days} days. A fifth of a second is 00:00:00.2."
            : null;
    }

    // Levenshtein's, without regard to case.
    private static int Distance(string left, string right)
    {
        int[] row = [.. Enumerable.Range(0, right.Length + 1)];
        for (int i = 1; i <= left.Length; i++)
        {
            (int diagonal, row[0]) = (row[0], i);
            for (int j = 1; j <= right.Length; j++)
            {
                bool same = char.ToUpperInvariant(left[i - 1]) == char.ToUpperInvariant(right[j - 1]);
                (diagonal, row[j]) = (row[j], same ? diagonal : 1 + Math.Min(diagonal, Math.Min(row[j], row[j - 1])));
            }
        }

        return row[^1];
    }
}

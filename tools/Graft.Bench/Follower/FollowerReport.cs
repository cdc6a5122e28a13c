using System.Globalization;
using System.Text;

namespace Graft.Bench.Follower;

/// <summary>What <c>./bench follower</c> found.</summary>
/// <param name="PayloadBytes">Of an entry.</param>
/// <param name="Rows">One for each size of an append.</param>
internal sealed record FollowerReport(int PayloadBytes, IReadOnlyList<FollowerReport.Row> Rows)
{
    /// <summary>What an entry costs beyond what an append does: by how much the largest append's bytes exceed the smallest's, for each entry that it has more.</summary>
    public double BytesPerEntry => (Rows[^1].BytesPerAppend - Rows[0].BytesPerAppend) / (Rows[^1].Entries - Rows[0].Entries);

    internal string ToText()
    {
        var text = new StringBuilder();
        text.AppendLine(CultureInfo.InvariantCulture, $"a follower's way from the frame to the state machine, entries of {PayloadBytes} bytes, one append at a time");
        text.AppendLine("entries per append  appends    entries/s  bytes allocated per append");
        foreach (Row row in Rows)
        {
            text.AppendLine(CultureInfo.InvariantCulture, $"{row.Entries,18}  {row.Appends,7:N0}  {row.PerSecond,11:N0}  {row.BytesPerAppend,26:N0}");
            foreach ((string type, long samples) in row.Types ?? [])
            {
                text.AppendLine(CultureInfo.InvariantCulture, $"{samples,26:N0} × {type}");
            }
        }

        text.Append(CultureInfo.InvariantCulture, $"per entry: {BytesPerEntry:0.00} bytes, the difference of the first row and the last");
        return text.ToString();
    }

    /// <param name="Entries">Of one append.</param>
    /// <param name="Appends">How many there were.</param>
    /// <param name="PerSecond">Entries.</param>
    /// <param name="BytesPerAppend">Allocated by the whole process.</param>
    internal sealed record Row(int Entries, long Appends, double PerSecond, double BytesPerAppend)
    {
        /// <summary>Of another pass, by how often each was met; null if nobody looked.</summary>
        public IReadOnlyList<KeyValuePair<string, long>>? Types { get; init; }
    }
}

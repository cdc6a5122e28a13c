using System.Globalization;

/// <summary>A timestamp, and the term in which it was proposed.</summary>
internal sealed record Stamp(ulong Term, DateTime Item)
{
    // As Python writes such an entry.
    public override string ToString() => string.Create(
        CultureInfo.InvariantCulture,
        $"Entry(term={Term}, item=datetime.datetime({Item.Year}, {Item.Month}, {Item.Day}, {Item.Hour}, {Item.Minute}, {Item.Second}, {Item.Ticks % TimeSpan.TicksPerSecond / TimeSpan.TicksPerMicrosecond}))");
}

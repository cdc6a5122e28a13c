using Graft.Consensus;

namespace Graft.Simulation.Disks;

/// <summary>Draws which pending items survive, and in which sectors.</summary>
/// <remarks>
/// The bias is drawn once per crash: with one coin for everything, a crash that loses one write of a hundred would never
/// be seen, and that is the one that makes a hole.
/// </remarks>
internal sealed class Fate
{
    private readonly SeededRandom _random;
    private readonly int _keptPerMille;
    private readonly int _tornPerMille;

    internal Fate(SeededRandom random)
    {
        _random = random;
        _keptPerMille = random.Next(0, 3) switch { 0 => 100, 1 => 900, _ => 500 };
        _tornPerMille = random.Next(0, 2) switch { 0 => 0, 1 => 300, _ => 900 };
    }

    /// <summary>Sets, for each sector of one item, whether it reached the platter.</summary>
    internal void Decide(Span<bool> kept)
    {
        kept.Fill(_random.Chance(_keptPerMille));
        if (kept.Length == 1 || !_random.Chance(_tornPerMille))
        {
            return;
        }

        switch (_random.Next(0, 2))
        {
            case 0: // The front, as most torn writes are.
                int front = _random.Next(0, kept.Length);
                kept[..front].Fill(true);
                kept[front..].Clear();
                break;

            case 1: // The back: the device began at the end.
                int back = _random.Next(0, kept.Length);
                kept[..back].Clear();
                kept[back..].Fill(true);
                break;

            default:
                for (int i = 0; i < kept.Length; i++)
                {
                    kept[i] = _random.Chance(500);
                }

                break;
        }
    }
}

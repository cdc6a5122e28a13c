namespace Graft.Simulation.Core;

/// <summary>How often each rare path was hit and each fault was made. Sums of many seeds tell what was never tried.</summary>
public sealed class Tally
{
    private readonly long[] _probes = new long[Enum.GetValues<Probe>().Length];
    private readonly long[] _faults = new long[Enum.GetValues<FaultKind>().Length];

    public long this[Probe probe] => _probes[(int)probe];

    public long this[FaultKind fault] => _faults[(int)fault];

    public void Add(Tally other)
    {
        ArgumentNullException.ThrowIfNull(other);
        for (int i = 0; i < _probes.Length; i++)
        {
            _probes[i] += other._probes[i];
        }

        for (int i = 0; i < _faults.Length; i++)
        {
            _faults[i] += other._faults[i];
        }
    }

    internal void Hit(Probe probe) => _probes[(int)probe]++;

    internal void Hit(FaultKind fault) => _faults[(int)fault]++;
}

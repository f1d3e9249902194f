/**
 * Settings of memcached's slabs and background threads that can be changed while it runs. They are kept and
 * shown, and have no effect: there are no slabs here, and one list of items in their order of use.
 */

export class Tuning {
  hotPercent = 20;
  warmPercent = 40;
  hotMaxFactor = 0.2;
  warmMaxFactor = 2;
  segmented = false;
  tempLru = false;
  temporaryTtl = 61;
  slabAutomove = 0;
  slabAutomoveRatio = 0.8;
  slabAutomoveFreeRatio = 0.01;
  slabAutomoveWindow = 10;
}

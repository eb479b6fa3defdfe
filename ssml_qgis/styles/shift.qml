<!DOCTYPE qgis PUBLIC 'http://mrcc.com/qgis.dtd' 'SYSTEM'>
<qgis styleCategories="Symbology">
 <pipe-data-defined-properties>
  <Option type="Map">
   <Option value="" type="QString" name="name"/>
   <Option name="properties"/>
   <Option value="collection" type="QString" name="type"/>
  </Option>
 </pipe-data-defined-properties>
 <pipe>
  <provider>
   <resampling enabled="false" maxOversampling="2" zoomedOutResamplingMethod="nearestNeighbour" zoomedInResamplingMethod="nearestNeighbour"/>
  </provider>
  <rasterrenderer alphaBand="-1" type="singlebandpseudocolor" nodataColor="" opacity="1" classificationMax="1" band="1" classificationMin="-1">
   <minMaxOrigin>
    <limits>None</limits>
    <extent>WholeRaster</extent>
    <statAccuracy>Estimated</statAccuracy>
    <cumulativeCutLower>0.02</cumulativeCutLower>
    <cumulativeCutUpper>0.98</cumulativeCutUpper>
    <stdDevFactor>2</stdDevFactor>
   </minMaxOrigin>
   <rastershader>
    <colorrampshader colorRampType="INTERPOLATED" classificationMode="1" clip="0" minimumValue="-1" maximumValue="1" labelPrecision="6">
     <colorramp type="gradient" name="[source]">
      <Option type="Map">
       <Option value="5,88,158,255" type="QString" name="color1"/>
       <Option value="179,78,4,255" type="QString" name="color2"/>
       <Option value="0" type="QString" name="discrete"/>
       <Option value="gradient" type="QString" name="rampType"/>
       <Option value="0.5;247,247,247,255" type="QString" name="stops"/>
      </Option>
      <prop v="5,88,158,255" k="color1"/>
      <prop v="179,78,4,255" k="color2"/>
      <prop v="0" k="discrete"/>
      <prop v="gradient" k="rampType"/>
      <prop v="0.5;247,247,247,255" k="stops"/>
     </colorramp>
     <item value="-1" alpha="255" label="-1" color="#05589e"/>
     <item value="0" alpha="255" label="0" color="#f7f7f7"/>
     <item value="1" alpha="255" label="1" color="#b34e04"/>
     <rampLegendSettings useContinuousLegend="1" minimumLabel="" orientation="2" suffix=" PAN pixels" maximumLabel="" prefix="" direction="0">
      <numericFormat id="basic">
       <Option type="Map">
        <Option value="" type="QChar" name="decimal_separator"/>
        <Option value="6" type="int" name="decimals"/>
        <Option value="0" type="int" name="rounding_type"/>
        <Option value="false" type="bool" name="show_plus"/>
        <Option value="true" type="bool" name="show_thousand_separator"/>
        <Option value="false" type="bool" name="show_trailing_zeros"/>
        <Option value="" type="QChar" name="thousand_separator"/>
       </Option>
      </numericFormat>
     </rampLegendSettings>
    </colorrampshader>
   </rastershader>
  </rasterrenderer>
  <brightnesscontrast gamma="1" brightness="0" contrast="0"/>
  <huesaturation colorizeRed="255" colorizeStrength="100" colorizeBlue="128" invertColors="0" grayscaleMode="0" colorizeOn="0" colorizeGreen="128" saturation="0"/>
  <rasterresampler maxOversampling="2"/>
  <resamplingStage>resamplingFilter</resamplingStage>
 </pipe>
 <blendMode>0</blendMode>
</qgis>
